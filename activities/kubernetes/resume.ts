/** Starts a paused or dead lease again, on the node ports that it was lent. One that is gone is made anew. */
import type { Sight, Signs, StartOrder } from '../../workflows/ports.ts'
import type { Cluster } from './cluster.ts'
import { findMine, podsOf } from './find.ts'
import { leaseObjects } from './lease.ts'
import { stateOf } from './pod.ts'
import { killPods } from './remove.ts'
import { prepare, run, start } from './start.ts'

/** Whatever goes wrong, the Deployment stays, and with it the node ports. */
export async function resume(cluster: Cluster, order: StartOrder, signs: Signs): Promise<Extract<Sight, { is: 'running' }>> {
  if (!await findMine(cluster, order, { signal: signs.signal })) return await start(cluster, order, signs)
  const objects = leaseObjects(cluster, order, cluster.shape)
  await prepare(cluster, objects, { order, signs })
  const [pod] = await podsOf(cluster, order, { signal: signs.signal })
  // One that ended is replaced: in the same pod the kubelet would make it wait longer each time, and count on.
  if (pod && stateOf(pod).is === 'ended') await killPods(cluster, order)
  return await run(cluster, objects, { order, signs, portsFirst: true })
}
