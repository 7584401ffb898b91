/** A worker that kills itself (-9) before and after every activity of a lease's life, as the history of a life without trouble lists them. */
import type { Client } from '@temporalio/client'
import type { temporal } from '@temporalio/proto'
import { accountId } from '../../workflows/contract.ts'
import { localMarker } from '../bench/actions.ts'
import type { Role } from '../journey/berth.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import { withCluster } from './clusterAway.ts'
import { type Life, short, whole } from './lives.ts'
import type { Kill, When } from './orders.ts'
import { type Stage, disposable, stage } from './stage.ts'
import { type Trial, type Trying, exactly, none } from './trial.ts'

export const workerKilled: Trial = {
  name: 'worker',
  promise: 'worker killed -9 before and after every activity of lend, extend, pause, resume, return and expiry: each story ends right',
  run: (it) => killAll(it, { row: 'worker', dies: ['core', 'host'], lives: [] }),
}

export const hostKilled: Trial = {
  name: 'host',
  promise: 'the same for the host\'s worker alone',
  run: (it) => killAll(it, { row: 'host', dies: ['host'], lives: ['core'] }),
}

export const clusterHostKilled: Trial = {
  name: 'clusterHost',
  promise: 'the same for the worker of a host that is a cluster',
  run: (it) => withCluster(it, (cluster) => killAll(it, { row: 'clusterHost', dies: ['host'], lives: ['core'], cluster })),
}

type IMarker = temporal.api.history.v1.IMarkerRecordedEventAttributes

interface Setting {
  readonly row: string
  /** Roles of the process that is killed, and of one that lives on. */
  readonly dies: readonly Role[]
  readonly lives: readonly Role[]
  /** The only host, instead of the engine. */
  readonly cluster?: Pick<Cluster, 'kubeconfig'>
}

interface Point {
  readonly life: Life
  readonly at: string
  readonly nth: number
  readonly of: string
}

async function killAll(it: Trying, { row, dies, lives, cluster }: Setting): Promise<void> {
  await using berth = disposable(await stage(it, cluster && { cluster: { ...cluster, alone: true } }))
  if (lives.length > 0) await berth.begin(lives)
  let worker = await berth.begin(dies)
  // One after the other: they share an account, whose history is read.
  const points = [...await pointsOf(berth, whole, dies), ...await pointsOf(berth, short, dies, new Set(['removeContainer', 'releaseName']))]
  const all = points.flatMap((point) => (['before', 'after'] as const).map((when) => ({ ...point, when })))
  const cases = it.quick ? everyFew(all, 3) : all
  const wrong: string[] = [], unreached: string[] = []
  for (const one of cases) {
    const name = `${one.life.name}: ${one.when} ${one.at} ${one.nth}`, began = performance.now()
    await forget(berth.client())
    berth.order({ kill: killOf(one) })
    const life = one.life.play(berth).then((played) => played.wrong, (error: unknown) => [String(error)])
    const died = await Promise.race([worker.exited.then(() => true), life.then(() => false)])
    berth.order({})
    if (died) worker = await berth.begin(dies)
    else unreached.push(name)
    wrong.push(...(await life).map((why) => `${name}: ${why}`))
    it.say(`  ${name}: ${Math.round((performance.now() - began) / 100) / 10} s`)
  }
  it.tell(exactly(`${row}.killed`, cases.length - unreached.length, cases.length, `moments of ${points.length} activities${unreached.length > 0 ? `; not reached: ${unreached.join(', ')}` : ''}`))
  it.tell(none(`${row}.wrong`, wrong, 'stories that did not end right'))
  await berth.account(row)
}

const killOf = ({ when, at, nth, of }: Point & { when: When }): Kill => ({ when, at, nth, of })

/** The account is begun anew for each case, so that its rebuild is among what is killed. */
async function forget(client: Client): Promise<void> {
  await client.workflow.getHandle(accountId('mika')).terminate('begun anew').catch(() => undefined)
}

/** Plays it without trouble, and reads from the histories of lease and account what ran on the roles that will die. */
async function pointsOf(it: Stage, life: Life, dies: readonly Role[], only?: ReadonlySet<string>): Promise<Point[]> {
  const client = it.client(), played = await life.play(it)
  if (played.wrong.length > 0) throw new Error(`${life.name} went wrong without trouble: ${played.wrong.join('; ')}`)
  const points: Point[] = []
  const ids = [[played.lease.leaseId, 'lease:'], ...(only ? [] : [[accountId('mika'), 'account:']])] as const
  for (const [id, of] of ids) {
    const { events } = await client.workflow.getHandle(id).fetchHistory(), times = new Map<string, number>()
    for (const { activityTaskScheduledEventAttributes: asked, markerRecordedEventAttributes: local } of events ?? []) {
      const at = asked?.activityType?.name ?? localActivity(local), host = asked?.taskQueue?.name?.startsWith('host:') === true
      if (!at || (only && !only.has(at)) || !(dies.includes('core') || host)) continue
      times.set(at, (times.get(at) ?? 0) + 1)
      points.push({ life, at, nth: times.get(at)!, of })
    }
  }
  return points
}

/** Of a local activity only a marker is left, in which the SDK's core names it, in clear. */
function localActivity(marker: IMarker | null | undefined): string | undefined {
  if (marker?.markerName !== localMarker) return undefined
  const { activity_type: name } = JSON.parse(Buffer.from(marker.details!['data']!.payloads![0]!.data!).toString()) as { activity_type: string }
  return name
}

/** A few of them, spread over all. */
const everyFew = <T>(all: readonly T[], count: number): T[] =>
  all.filter((_, at) => Math.floor(at * count / all.length) !== Math.floor((at - 1) * count / all.length) || at === 0)
