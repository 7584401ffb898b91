/**
 * `worker/main.ts` with trouble on order: the program itself, its configuration and wiring untouched; only what it hands
 * to Temporal's worker is wrapped. For fault rows alone.
 */
import { activityInfo, heartbeat } from '@temporalio/activity'
import { WorkflowClient } from '@temporalio/client'
import { Worker, type WorkerOptions } from '@temporalio/worker'
import { type Kill, readOrders } from './orders.ts'
import { seeded } from './random.ts'

const config = process.env['BERTH_CONFIG']
const orders = () => readOrders(config)

type Step = (...args: unknown[]) => Promise<unknown>

/** A story waits so long for a worker that died with it in its cache; in real life 10 s. */
const stickyMs = 2_000
/** Policies of these rows notice a dead worker by its silence, sooner than the steps' own beat. */
const beatMs = 500

const { clockMs } = orders()
if (clockMs !== undefined) shiftClock(clockMs)

const create = Worker.create.bind(Worker)
Worker.create = (options: WorkerOptions) => create({
  ...options, stickyQueueScheduleToStartTimeout: stickyMs,
  activities: Object.fromEntries(Object.entries(options.activities ?? {}).map(([name, step]) => [name, troubled(name, step as Step)])),
})

const call = WorkflowClient.prototype.executeUpdateWithStart as (...args: unknown[]) => Promise<unknown>
WorkflowClient.prototype.executeUpdateWithStart = async function (this: WorkflowClient, ...args: unknown[]) {
  dieIf('before', 'lend')
  const answer = await call.apply(this, args)
  dieIf('after', 'lend')
  return answer
} as typeof WorkflowClient.prototype.executeUpdateWithStart

let random: { readonly seed: number; readonly next: () => number } | undefined

function troubled(name: string, step: Step): Step {
  // Its heartbeats are its evidence, and it lasts.
  if (name === 'watchHost') return step
  return async (...args) => {
    const first = activityInfo().attempt === 1
    if (first) count(name)
    if (first) dieIf('before', name)
    const { flaky } = orders()
    const trouble = flaky && outside.has(name) ? draw(flaky) : undefined
    if (trouble === 'before') throw new Error(`${name} failed before its work, on order.`)
    const answer = await beating(() => step(...args))
    if (first) dieIf('after', name)
    if (trouble === 'after') throw new Error(`${name} failed after its work, on order.`)
    if (trouble === 'late') await new Promise((done) => setTimeout(done, flaky!.lateMs))
    return answer
  }
}

const outside = new Set(['startContainer', 'pauseContainer', 'resumeContainer', 'removeContainer', 'lookAtContainer', 'readLogs',
  'listOwned', 'removeOwned', 'claimName', 'releaseName', 'listNames', 'entitle'])

function draw({ share, seed }: { share: number; seed: number }): 'before' | 'after' | 'late' | undefined {
  if (random?.seed !== seed) random = { seed, next: seeded(seed) }
  if (random.next() >= share) return undefined
  return (['before', 'after', 'late'] as const)[Math.floor(random.next() * 3)]
}

async function beating<T>(work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => heartbeat(), beatMs)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}

const counted = { order: -1, times: new Map<string, number>() }

function count(name: string): void {
  const { id, kill } = orders()
  if (counted.order !== id) Object.assign(counted, { order: id, times: new Map() })
  if (kill?.at === name && isMeant(kill)) counted.times.set(name, (counted.times.get(name) ?? 0) + 1)
}

function dieIf(when: Kill['when'], at: string): void {
  const { kill } = orders()
  if (kill?.when !== when || kill.at !== at) return
  if (at !== 'lend' && (!isMeant(kill) || (counted.times.get(at) ?? 0) !== kill.nth)) return
  process.kill(process.pid, 'SIGKILL')
}

const isMeant = ({ of }: Kill): boolean => of === undefined || (activityInfo().workflowExecution?.workflowId ?? '').startsWith(of)

/** Stories have a clock of their own, inside their sandbox. */
function shiftClock(byMs: number): void {
  const Real = Date
  const moment = () => Real.now() + byMs
  globalThis.Date = new Proxy(Real, {
    construct: (_, args: unknown[]) => Reflect.construct(Real, args.length > 0 ? args : [moment()]) as Date,
    apply: () => new Real(moment()).toString(),
    get: (_, name) => name === 'now' ? moment : Reflect.get(Real, name) as unknown,
  })
}

await import('../../worker/main.ts')
