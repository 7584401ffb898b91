/** Scales to none; its node ports stay its own. A pod's files do not outlive it. Stopped or gone already is success. */
import type { Berthing } from '../../workflows/ports.ts'
import { pause } from '../deadline.ts'
import type { Cluster } from './cluster.ts'
import { findMine, podsOf } from './find.ts'
import { namespaceOf, objectName, reference } from './labels.ts'

/** Beyond the pod's own grace. */
const goneMs = 30_000

export async function pauseLease(cluster: Cluster, it: Berthing): Promise<void> {
  if (!await findMine(cluster, it)) return
  await scale(cluster, it, 0)
  for (const ends = performance.now() + cluster.shape.graceS * 1000 + goneMs; performance.now() < ends; await pause(100)) {
    if ((await podsOf(cluster, it)).length === 0) return
  }
  throw new Error('The cluster still shows a pod of a lease that was scaled to none.')
}

export async function scale(cluster: Cluster, it: Berthing, replicas: 0 | 1): Promise<void> {
  const of = reference('Deployment', objectName(it), namespaceOf(cluster, it.member))
  await cluster.client.patch({ ...of, spec: { replicas } })
}
