/** Takes a placement off the cluster at once, and the account's Namespace after its last lease. Absent is success. */
import type { Berthing } from '../../workflows/ports.ts'
import { pause } from '../deadline.ts'
import type { Cluster } from './cluster.ts'
import { codeOf } from './failures.ts'
import { type Mine, findMine, othersOf, podsOf } from './find.ts'
import { instanceSelector, kindOf, namespaceOf, objectName, placementSelector, reference } from './labels.ts'
import { lastLines } from './logs.ts'

/** How long the cluster may take until it shows no pod any more. */
const goneMs = 30_000

/** Answers with the container's last lines; none when an earlier try removed it. */
export async function remove(cluster: Cluster, it: Berthing): Promise<readonly string[]> {
  const mine = await findMine(cluster, it), said = mine ? await wordsOf(cluster, it) : []
  await removeObjects(cluster, it, mine)
  await cluster.ground.release(it)
  return said
}

async function wordsOf(cluster: Cluster, it: Berthing): Promise<readonly string[]> {
  const [pod] = await podsOf(cluster, it)
  // A node that is lost gives no log, and nothing waits for it.
  return pod ? await lastLines(cluster, pod).catch(() => []) : []
}

/** What makes pods anew goes before the pods; pods go with grace 0, for a lease that is over has no more rights. */
export async function removeObjects(cluster: Cluster, it: Berthing, known?: Mine): Promise<void> {
  const mine = known ?? await findMine(cluster, it), sealed = await sealIfLast(cluster, it)
  if (mine) {
    const { name, namespace, uid } = mine.deployment.metadata ?? {}
    await cluster.client.remove(reference('Deployment', name ?? '', namespace), { uid })
  }
  // Two that go together have seen each other; the later one sees none now.
  if (!sealed) await sealIfLast(cluster, it)
  await Promise.all([removePods(cluster, it), removeOthers(cluster, it)])
}

/** Whoever has nothing left here reaches nothing here: rights go before the pod does. */
async function sealIfLast(cluster: Cluster, it: Berthing): Promise<boolean> {
  const all = await cluster.client.list(kindOf('Deployment'), { namespace: namespaceOf(cluster, it.member), labels: instanceSelector(cluster) })
  if (all.some(({ metadata }) => metadata?.name !== objectName(it))) return false
  await cluster.reach.seal(it.member)
  return true
}

async function removeOthers(cluster: Cluster, it: Berthing): Promise<void> {
  const others = await othersOf(cluster, it)
  await Promise.all(others.map(({ kind, metadata }) => cluster.client.remove(reference(kind!, metadata?.name ?? '', metadata?.namespace), { uid: metadata?.uid })))
}

/** Until a look shows none. */
async function removePods(cluster: Cluster, it: Berthing): Promise<void> {
  const namespace = namespaceOf(cluster, it.member), { client } = cluster
  const replicaSets = await client.list(kindOf('ReplicaSet'), { namespace, labels: placementSelector(cluster, it) })
  await Promise.all(replicaSets.map(({ metadata }) => client.remove(reference('ReplicaSet', metadata?.name ?? '', namespace), { uid: metadata?.uid })))
  for (const ends = performance.now() + goneMs; ; await pause(25)) {
    if ((await podsOf(cluster, it)).length === 0) return
    if (performance.now() > ends) throw new Error(`The cluster still shows a pod ${goneMs / 1000} s after its removal.`)
    await killPods(cluster, it)
  }
}

/** Without a grace; whoever makes pods of it makes another. */
export async function killPods(cluster: Cluster, it: Berthing): Promise<void> {
  const namespace = namespaceOf(cluster, it.member), labelSelector = placementSelector(cluster, it)
  try {
    await cluster.client.ask('remove pods', ({ core }) => core.deleteCollectionNamespacedPod({ namespace, labelSelector, gracePeriodSeconds: 0 }))
  } catch (error) {
    // Their Namespace is on its way out, and Berth's rights in it went before they do.
    if (codeOf(error) !== 404) throw error
  }
}
