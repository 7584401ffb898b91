/** A Berth of real parts for one row, with troubled workers, a look-out over what it makes, and a last count. */
import { randomUUID } from 'node:crypto'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from '@temporalio/client'
import { accountId, coreQueue, sweepByHandId } from '../../workflows/contract.ts'
import type { Names } from '../../workflows/ports.ts'
import type { SweepInput, SweepReport } from '../../workflows/sweep/terms.ts'
import { marksOf } from '../../worker/adapters.ts'
import { namesOf } from '../../worker/wiring/core.ts'
import { checkConfig } from '../../worker/config.ts'
import type { RoleProcess } from '../../worker/demo/process.ts'
import { portRange } from '../../worker/embedded/ports.ts'
import { dataConverter } from '../../worker/keys/converter.ts'
import { readKeyring } from '../../worker/keys/keyring.ts'
import { type BerthOptions, type Journey, type Role, journey } from '../journey/berth.ts'
import { type LookOut, createLookOut } from './lookOut.ts'
import { type Orders, giveOrders } from './orders.ts'
import { replayAll } from './replay.ts'
import { type Trying, none } from './trial.ts'

export const members = ['mika', 'noor', 'ada'] as const

export interface Stage extends Journey {
  readonly lookOut: LookOut
  /** What the host role is configured with: more room than a journey has. */
  readonly host: Journey['configuration']['host'] & { readonly cpu: number; readonly memoryMi: number }
  /** Names with our mark in a zone, by its transfer. */
  readonly names: Pick<Names, 'list' | 'claim' | 'release'>
  /** Starts roles under the trouble that was ordered; with more room than a journey has. */
  begin(roles?: readonly Role[], change?: object, namespace?: string): Promise<RoleProcess>
  order(orders: Omit<Orders, 'id'>): void
  /** Temporal's client in another namespace of the same server. */
  clientIn(namespace: string): Client
  /** What is left over once nothing is lent: looked at until it is all 0, or the time is over. */
  leftOver(withinMs?: number): Promise<LeftOver>
  /** Tells what is left over, what was doubled, and what does not replay. */
  account(row: string, options?: { readonly withinMs?: number; readonly sample?: number }): Promise<void>
}

export interface LeftOver {
  readonly containers: number
  readonly networks: number
  readonly names: number
  /** Host ports that the site counts as lent. */
  readonly ports: number
  /** Leases that the site counts. */
  readonly places: number
  /** Leases that accounts count. */
  readonly quota: number
  /** Lease workflows that are open. */
  readonly workflows: number
}

export interface StageOptions extends BerthOptions {
  readonly slots?: number
}

const living = new Set<() => Promise<void>>()

/** Whoever interrupts a row leaves nothing behind on an engine that others use. */
export const stopAll = async (): Promise<void> => void await Promise.allSettled([...living].reverse().map((stop) => stop()))

const noticing = { step: '5s', check: '5s', hostQueue: '60s', recheck: '1h' }

/** Accounts that soon notice what was terminated: they miss a lease twice before they believe it. */
export const looksOften = { recheck: '5s', recheckApart: '2s' }

export async function stage(it: Trying, { slots = 250, ...options }: StageOptions = {}): Promise<Stage> {
  const range = await portRange(slots)
  const made = await journey({
    ownTemporal: it.temporal === undefined, engine: it.engine, ...options,
    policy: {
      ...options.policy, clocks: { ...noticing, ...options.policy?.clocks },
      defaults: { count: 1000, totalCpu: 1000, totalMemory: '1000Gi', cpu: 0.1, memory: '32Mi', restart: 'always', longestWait: '15m', ...options.policy?.defaults },
    },
  }).catch(async (error: unknown) => {
    await range.release()
    throw error
  })
  const ports = options.cluster?.alone ? made.configuration.host.ports : range.ports
  const host = { ...made.configuration.host, ports, slots, cpu: 1000, memoryMi: 2 ** 20 }
  const config = checkConfig({ ...made.configuration, host })
  const names = namesOf(config, marksOf(config)), ring = readKeyring(config.keys.payloads), client = made.client()
  const lookOut = createLookOut({ client, containers: made.containers })

  const leftOver = async (withinMs = 60_000): Promise<LeftOver> => {
    const deadline = Date.now() + withinMs
    for (;;) {
      const found = await count().catch((error: unknown) => error)
      const last = Date.now() > deadline
      if (found instanceof Error ? last : last || sum(found as LeftOver) === 0) {
        if (found instanceof Error) throw found
        return found as LeftOver
      }
      await pause(300)
    }
  }

  async function count(): Promise<LeftOver> {
    const [containers, networks, owned, board, desks, { count: workflows }] = await Promise.all([
      made.containers(), made.networks(), names.list(made.zone), made.board(),
      Promise.all(members.map((member) => made.desk(member).then(({ leases }) => leases.length, noneWhenGone))),
      client.workflow.count('WorkflowType = \'lease\' AND ExecutionStatus = \'Running\''),
    ])
    const over = (of: (host: (typeof board.hosts)[number]) => number) => board.hosts.reduce((all, one) => all + of(one), 0)
    return {
      containers: containers.length, networks: networks.length, names: owned.length, workflows,
      ports: over(({ ports }) => ports.used), places: over(({ leases }) => leases.length) + board.line.length, quota: desks.reduce((all, one) => all + one, 0),
    }
  }

  const stop = async () => {
    living.delete(stop)
    lookOut.close()
    try {
      await made.stop()
    } finally {
      await names.close()
      await range.release()
    }
  }
  living.add(stop)
  return {
    ...made, lookOut, leftOver, host, names, stop,
    clientIn: (namespace) => new Client({ connection: client.connection, namespace, dataConverter: dataConverter(ring) }),
    order: (orders) => giveOrders(join(made.dir, 'berth'), orders),
    begin: (roles = ['core', 'host'], change = {}, namespace = made.temporal.namespace) =>
      made.start(roles, { main: join(import.meta.dirname, 'worker.ts'), change: { host, ...change }, namespace }),
    async account(row, { withinMs, sample } = {}) {
      const left = await leftOver(withinMs)
      it.tell(none(`${row}.left_over`, sum(left), `${Object.entries(left).map(([what, value]) => `${String(value)} ${what}`).join(', ')}; load ${loadNow()}`))
      it.tell(none(`${row}.doubled`, lookOut.doubled(), `leases of which two containers ran at once, in ${lookOut.looks()} looks`))
      const { told, wrong, failedTasks, longest, longestId } = await replayAll(client, ring, sample)
      it.tell(none(`${row}.replay`, [...wrong, ...(told === 0 ? ['nothing was replayed'] : [])], `${told} histories; the longest has ${longest} events (${longestId})`))
      it.tell(none(`${row}.failed_tasks`, failedTasks, 'tasks of stories that failed'))
    },
  }
}

export const sum = (left: LeftOver): number => Object.values(left).reduce((all: number, one) => all + (one as number), 0)

/** An account that nobody needed, or that was terminated, counts nothing. */
function noneWhenGone(error: unknown): number {
  if (/not found|already completed/i.test(String(error))) return 0
  throw error
}

export const accountOf = (it: Journey, member: string) => it.client().workflow.getHandle(accountId(member))

/** A sweep by hand, to its end. */
export const sweepNow = async (client: Client, input: Partial<SweepInput> = {}): Promise<SweepReport> => await client.workflow.execute('sweep', {
  workflowId: sweepByHandId(randomUUID()), taskQueue: coreQueue, args: [{ mode: 'enforce', youngMs: 1_000, by: 'ada', ...input }],
}) as SweepReport

export const loadNow = (): string => loadavg().map((one) => one.toFixed(1)).join(' ')

/** For `await using`. */
export const disposable = <T extends { stop(): Promise<unknown> }>(it: T): T & AsyncDisposable =>
  Object.assign(it, { [Symbol.asyncDispose]: async () => void await it.stop() })
