/**
 * Namespace, then what the pod needs, then the Deployment; then its pod is waited for. Server-side apply makes a retry, or
 * a second try at the same time, adopt what the other made.
 */
import type { KubernetesObject, V1Deployment } from '@kubernetes/client-node'
import { CannotRun, NoRoom, PortTaken, type Sight, type Signs, type StartOrder } from '../../workflows/ports.ts'
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
    await cluster.ground.prepare(order, signs)
    await make(cluster, objects, { order, signs })
    return await untilRunning(cluster, order, signs)
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

/** Throws what the port knows. A node port is claimed before anything runs. */
export async function make(cluster: Cluster, { deployment, others }: LeaseObjects, { order, signs }: { order: StartOrder; signs: Signs }): Promise<void> {
  const { client } = cluster, { signal } = signs
  const apply = async <T extends KubernetesObject>(object: T): Promise<T> => {
    try {
      return await client.apply(object, { signal })
    } catch (error) {
      throw meant(error, order.hostPorts)
    }
  }
  await Promise.all([deployment, ...others].map((object) => assertNotForeign(cluster, object)))
  await Promise.all(others.map(apply))
  const made = await apply<V1Deployment>(deployment)
  // So that one deletion takes all; the pod starts meanwhile.
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: made.metadata!.name!, uid: made.metadata!.uid!, blockOwnerDeletion: false, controller: false }
  await Promise.all(others.map((object) => apply({ ...object, metadata: { ...object.metadata, ownerReferences: [owner] } })))
}

/** Apply by force would take over what somebody else made under our name. */
async function assertNotForeign(cluster: Cluster, { kind = '', metadata }: KubernetesObject): Promise<void> {
  const { name = '', namespace } = metadata ?? {}, there = await cluster.client.read<KubernetesObject>(reference(kind, name, namespace))
  if (there && !markOf(cluster, there, kind)) throw new Error(`The ${kind} ${name} in namespace ${namespace} is not Berth's: an admin has to remove it.`)
}
