/** Waits until the pod of a placement is of use, or until it is clear that it never will be. */
import type { V1Pod } from '@kubernetes/client-node'
import { CannotRun, NoRoom, type Sight, type Signs, type StartOrder } from '../../workflows/ports.ts'
import { accepts } from '../accepts.ts'
import { pause } from '../deadline.ts'
import { exitedAtOnce, isFromOutside } from '../ended.ts'
import type { Cluster } from './cluster.ts'
import { isNotAdmitted, saidBy, shorten } from './failures.ts'
import { findMine, podsOf } from './find.ts'
import { isLeaving } from './object.ts'
import { listens } from './listens.ts'
import { lastLines } from './logs.ts'
import { running } from './look.ts'
import { type PodState, stateOf } from './pod.ts'

type Running = Extract<PodState, { is: 'running' }>

/** A pod whose image is there takes a third of a second at least, for which looks would only keep the cluster busy. */
const soonestMs = 200, soonMs = 2_000, looksMs = 20, laterMs = 250
/** So many looks apart the Deployment is asked why there is no pod. */
const askEvery = 5

export async function untilRunning(cluster: Cluster, order: StartOrder, signs: Signs): Promise<Extract<Sight, { is: 'running' }>> {
  const { pod, state } = await untilStarted(cluster, order, signs)
  const sight = running(pod, state, order.hostPorts)
  if (order.spec.ports.length === 0) {
    await pause(cluster.settleMs, signs.signal)
    await lookAgain(cluster, order, pod)
  } else await untilListening(cluster, order, { pod, state, signs })
  return sight
}

/** Throws `NoRoom` and `CannotRun`; anything that may pass is waited for. */
async function untilStarted(cluster: Cluster, order: StartOrder, { signal, heartbeat }: Signs): Promise<{ pod: V1Pod; state: Running }> {
  const began = performance.now(), pulls = { since: 0 }
  let told = ''
  for (let looks = 1; ; looks++) {
    const [pod] = await podsOf(cluster, order, { signal })
    const state: PodState = pod && !isLeaving(pod) ? stateOf(pod) : { is: 'waiting', for: 'its pod' }
    if (state.is === 'running') return { pod: pod!, state }
    if (state.is === 'cannot run') throw new CannotRun(state.why, state.sentence)
    if (state.is === 'ended') throw await endedAtOnce(cluster, pod!, state)
    if (state.is === 'no room' && performance.now() - began > cluster.roomMs) throw new NoRoom(`the cluster has no room: ${state.why}`)
    if (state.is === 'waiting' && state.pull !== undefined) {
      pulls.since ||= performance.now()
      if (performance.now() - pulls.since > cluster.pullMs) throw new Error(`The image ${order.spec.reference} could not be pulled: ${state.pull}`)
    }
    if (state.is === 'waiting' && state.for === 'its pod' && looks % askEvery === 0) await assertPodMayBe(cluster, order, performance.now() - began)
    const now = state.is === 'waiting' ? `waits for ${state.for}` : 'waits for room'
    if (now !== told) heartbeat(told = now)
    const waited = performance.now() - began
    await pause(waited < soonestMs ? soonestMs - waited : waited < soonMs ? looksMs : laterMs, signal)
  }
}

/** The controller says in the Deployment's conditions why it could make no pod. */
async function assertPodMayBe(cluster: Cluster, order: StartOrder, waitedMs: number): Promise<void> {
  const mine = await findMine(cluster, order)
  if (!mine) throw new Error('The Deployment was removed while it started.')
  const failed = mine.deployment.status?.conditions?.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True')
  const said = failed?.message ?? ''
  if (isNotAdmitted(said)) {
    throw new CannotRun('badCommand', `The cluster does not admit it: ${shorten(said.replace(/^pods ".*?" is forbidden: /, ''))}`)
  }
  // The pod before may still be counted for a moment.
  if (/exceeded quota/.test(said) && waitedMs > cluster.roomMs) throw new NoRoom(`the cluster's quota is used up: ${shorten(said)}`)
  if (said !== '' && waitedMs > cluster.pullMs) throw new Error(`The cluster makes no pod: ${shorten(said)}`)
}

async function endedAtOnce(cluster: Cluster, pod: V1Pod, state: Extract<PodState, { is: 'ended' }>): Promise<Error> {
  const { exitCode: code, outOfMemory, why } = state, said = await lastLines(cluster, pod, state)
  if (why !== undefined || isFromOutside({ code, outOfMemory })) return new Error(`The pod was stopped from outside while it started (${why ?? `code ${code}`}).`)
  return exitedAtOnce({ code, outOfMemory }, said)
}

/** Throws when the pod does not run any more. */
async function lookAgain(cluster: Cluster, order: StartOrder, { metadata }: V1Pod): Promise<Running> {
  const pod = (await podsOf(cluster, order)).find((one) => one.metadata?.uid === metadata?.uid)
  if (!pod || isLeaving(pod)) throw new Error('The pod was removed while it started.')
  const state = stateOf(pod)
  if (state.is === 'ended') throw await endedAtOnce(cluster, pod, state)
  if (state.is !== 'running') throw new Error('The pod stopped while it started.')
  return state
}

/** Between two looks whether it still lives. */
const lookMs = 300
/** A cluster in trouble leads a new node port nowhere: so many times as long is waited where the program itself listens. */
const patience = 4

interface Wanted {
  readonly port: number
  readonly hostPort: number
}

interface Seen {
  readonly pod: V1Pod
  readonly state: Running
  readonly signs: Signs
}

async function untilListening(cluster: Cluster, order: StartOrder, seen: Seen): Promise<void> {
  const began = performance.now()
  let silent: readonly Wanted[] = order.spec.ports.map((port, i) => ({ port, hostPort: order.hostPorts[i]! }))
  for (const times of [1, patience]) {
    const ms = times * cluster.listenMs
    silent = await silentAt(began + ms, silent, { cluster, order, seen })
    if (silent.length === 0) return
    const unheard = await unheardInside(cluster, seen.pod, silent)
    if (unheard.length > 0) throw new CannotRun('notListening', `Nothing listens on port ${sayPorts(unheard)} after ${ms / 1000} s.`)
    seen.signs.heartbeat('waits for the cluster to lead there')
  }
  throw new CannotRun('notListening', `Port ${sayPorts(silent)} is not reached from outside after ${patience * cluster.listenMs / 1000} s, though something listens on it in the container: on 127.0.0.1 alone?`)
}

const sayPorts = (ports: readonly Wanted[]): string => ports.map(({ port }) => port).join(', ')

/** Those of these ports that do not answer by then; none as soon as all of them do. Throws when the pod does not run any more. */
async function silentAt(ends: number, ports: readonly Wanted[], { cluster, order, seen: { pod, state, signs: { signal } } }: { cluster: Cluster; order: StartOrder; seen: Seen }): Promise<readonly Wanted[]> {
  let silent = ports, looked = performance.now(), ready = state.ready
  for (let wait = 5; ; wait = Math.min(wait * 2, 100)) {
    if (cluster.probe === 'pod') silent = ready ? [] : silent
    else silent = await stillSilent(cluster, silent, signal)
    if (silent.length === 0) return silent
    if (performance.now() - looked > lookMs) {
      ready = (await lookAgain(cluster, order, pod)).ready
      looked = performance.now()
    }
    if (performance.now() > ends) return silent
    await pause(wait, signal)
  }
}

/** Those that nobody is known to listen on even in the pod. */
async function unheardInside({ client, probe }: Cluster, pod: V1Pod, silent: readonly Wanted[]): Promise<readonly Wanted[]> {
  if (probe === 'pod') return silent
  const heard = await Promise.all(silent.map(({ port }) => listens(client, pod, port)))
  return silent.filter((_, i) => heard[i] !== true)
}

/** A node port is answered only when something listens in the pod: nobody stands between them. */
async function stillSilent(cluster: Cluster, ports: readonly Wanted[], signal: AbortSignal): Promise<readonly Wanted[]> {
  const [address] = await cluster.addresses(signal).catch((error: unknown) => { throw new Error(`No node can be asked: ${saidBy(error)}`) })
  if (address === undefined) return ports
  const tried = await Promise.all(ports.map(({ hostPort }) => accepts(address, hostPort)))
  return ports.filter((_, i) => !tried[i])
}
