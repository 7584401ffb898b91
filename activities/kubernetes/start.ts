/**
 * Namespace, then what the pod needs, then the Deployment; then its pod is waited for. Server-side apply makes a retry, or
 * a second try at the same time, adopt what the other made.
 */
import type { KubernetesObject, V1Deployment } from '@kubernetes/client-node'
import { CannotRun, NoRoom, PortTaken, type Sight, type Signs, type StartOrder } from '../../workflows/ports.ts'
import { pause } from '../deadline.ts'
import type { Cluster } from './cluster.ts'
import { meant } from './failures.ts'
import { markOf, reference } from './labels.ts'
import { type LeaseObjects, leaseObjects } from './lease.ts'
import { removeObjects } from './remove.ts'
import { untilRunning } from './running.ts'

type Running = Extract<Sight, { is: 'running' }>

export async function start(cluster: Cluster, order: StartOrder, signs: Signs): Promise<Running> {
  signs.signal.throwIfAborted()
  await assertFits(cluster, order, signs)
  const objects = leaseObjects(cluster, order, cluster.shape)
  try {
    await prepare(cluster, objects, { order, signs })
    return await run(cluster, objects, { order, signs })
  } catch (error) {
    // Nobody comes back for these: what cannot run is not left behind. After any other trouble a retry adopts it.
    if (isFinal(error)) {
      await removeObjects(cluster, order)
      await cluster.ground.release(order)
    }
    // Somebody may have taken away what the Namespace is to hold: the next try makes sure.
    cluster.ground.forget(order.member)
    throw error
  }
}

const isFinal = (error: unknown): boolean => error instanceof CannotRun || error instanceof PortTaken || error instanceof NoRoom

async function assertFits(cluster: Cluster, { spec }: StartOrder, { signal }: Signs): Promise<void> {
  const { largest } = await cluster.nodes(signal)
  if (spec.cpu > largest.cpu) throw new CannotRun('tooBig', `The largest node of this cluster has ${largest.cpu} cpu.`)
  if (spec.memory > largest.memory) throw new CannotRun('tooBig', `The largest node of this cluster has ${Math.floor(largest.memory / 2 ** 20)} MiB of memory.`)
  if ((spec.gpu ?? 0) > largest.gpu) throw new CannotRun('tooBig', largest.gpu === 0 ? 'No node of this cluster offers a GPU.' : `The largest node of this cluster has ${largest.gpu} GPU.`)
}

interface Run {
  readonly order: StartOrder
  readonly signs: Signs
  /** Its node ports before its pod: whoever sleeps does not wake up without them. */
  readonly portsFirst?: boolean
}

/** Makes what is not there, and waits until it is of use. Throws what the port knows. */
export async function run(cluster: Cluster, objects: LeaseObjects, { order, signs, ...how }: Run): Promise<Running> {
  const made = await make(cluster, objects, { order, signs, ...how })
  // The pod starts meanwhile.
  const [running] = await Promise.all([untilRunning(cluster, order, signs), tie(cluster, objects, made)])
  return running
}

/** A pod without its Secret would wait long for it; all else is made beside the Deployment. */
async function make(cluster: Cluster, { deployment, others }: LeaseObjects, { order, signs: { signal }, portsFirst = false }: Run): Promise<V1Deployment> {
  const apply = async <T extends KubernetesObject>(object: T): Promise<T> => {
    for (const began = performance.now(); ; await pause(25, signal)) {
      try {
        return await cluster.client.apply(object, { signal })
      } catch (error) {
        const failure = meant(error, order.hostPorts)
        const tries = performance.now() - began
        if (!(failure instanceof PortTaken) || tries > mostTwinMs || (tries > twinMs && !await isThere(cluster, object))) throw failure
      }
    }
  }
  const isFirst = ({ kind }: KubernetesObject) => portsFirst || kind === 'Secret'
  await Promise.all(others.filter(isFirst).map(apply))
  // All have ended before one of them counts as failed: what is left of them is removed then.
  const [made, ...rest] = await Promise.allSettled([apply<V1Deployment>(deployment), ...others.filter((one) => !isFirst(one)).map(apply)])
  for (const one of [...rest, made]) if (one.status === 'rejected') throw one.reason
  return (made as PromiseFulfilledResult<V1Deployment>).value
}

/** A node port may be held by the same Service, which a try at the same time is just making. */
const twinMs = 300, mostTwinMs = 3_000

const isThere = async ({ client }: Cluster, { kind = '', metadata }: KubernetesObject): Promise<boolean> =>
  await client.read(reference(kind, metadata?.name ?? '', metadata?.namespace)) !== undefined

/** So that one deletion takes all. */
async function tie({ client }: Cluster, { others }: LeaseObjects, { metadata }: V1Deployment): Promise<void> {
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: metadata!.name!, uid: metadata!.uid!, blockOwnerDeletion: false, controller: false }
  await Promise.all(others.map(({ kind = '', metadata }) => client.patch({
    ...reference(kind, metadata?.name ?? '', metadata?.namespace), metadata: { name: metadata?.name ?? '', namespace: metadata?.namespace ?? '', ownerReferences: [owner] },
  })))
}

/** Its ground, on which nobody else's objects stand under its names. In one that is not made yet Berth could not look. */
export async function prepare(cluster: Cluster, { deployment, others }: LeaseObjects, { order, signs }: Run): Promise<void> {
  const look = () => Promise.all([deployment, ...others].map((object) => assertNotForeign(cluster, object)))
  if (cluster.ground.knows(order)) return void await Promise.all([cluster.ground.prepare(order, signs), look()])
  await cluster.ground.prepare(order, signs)
  await look()
}

/** Apply by force would take over what somebody else made under our name. */
async function assertNotForeign(cluster: Cluster, { kind = '', metadata }: KubernetesObject): Promise<void> {
  const { name = '', namespace } = metadata ?? {}, there = await cluster.client.read<KubernetesObject>(reference(kind, name, namespace))
  if (there && !markOf(cluster, there, kind)) throw new Error(`The ${kind} ${name} in namespace ${namespace} is not Berth's: an admin has to remove it.`)
}
