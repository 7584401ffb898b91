/** The objects of one placement, as the cluster shows them now. */
import type { KubernetesObject, V1Deployment, V1Pod, V1Service } from '@kubernetes/client-node'
import type { Berthing } from '../../workflows/ports.ts'
import type { Marked } from '../labels.ts'
import type { Ask } from './client.ts'
import type { Cluster } from './cluster.ts'
import { kindOf, markOf, namespaceOf, objectName, placementSelector, reference } from './labels.ts'
import { created, isLeaving } from './object.ts'

export interface Mine {
  readonly deployment: V1Deployment
  readonly mark: Marked
}

/** The Deployment of a placement, if it is there and its mark verifies; somebody else's under our name is not ours. */
export async function findMine(cluster: Cluster, it: Berthing, how?: Ask): Promise<Mine | undefined> {
  const deployment = await cluster.client.read<V1Deployment>(reference('Deployment', objectName(it), namespaceOf(cluster, it.member)), how)
  const mark = deployment && markOf(cluster, deployment, 'Deployment')
  if (!mark || mark.kind !== 'lease' || mark.key !== it.key || mark.number !== it.number) return undefined
  return { deployment, mark }
}

/** The youngest that is not on its way out first. */
export async function podsOf(cluster: Cluster, it: Berthing, how?: Ask): Promise<readonly V1Pod[]> {
  const pods = await cluster.client.list<V1Pod>(kindOf('Pod'), { namespace: namespaceOf(cluster, it.member), labels: placementSelector(cluster, it) }, how)
  return sorted(pods)
}

export const sorted = (pods: readonly V1Pod[]): readonly V1Pod[] => [...pods].sort((a, b) =>
  Number(isLeaving(a)) - Number(isLeaving(b)) || created(b) - created(a))

/** What goes with a Deployment, and may be left behind by one that was half made. */
export const accompanying = ['Service', 'Ingress', 'Secret'] as const

/** The placement's own objects besides Deployment and pods, whose marks verify. */
export async function othersOf(cluster: Cluster, it: Berthing): Promise<readonly KubernetesObject[]> {
  const at = { namespace: namespaceOf(cluster, it.member), labels: placementSelector(cluster, it) }
  const found = await Promise.all(accompanying.map(async (kind) => {
    const objects = await cluster.client.list(kindOf(kind), at)
    return objects.map((object): KubernetesObject => ({ ...kindOf(kind), ...object }))
  }))
  return found.flat().filter((object) => markOf(cluster, object)?.kind === 'lease')
}

export const nodePorts = (service: V1Service | undefined, ports: readonly number[]): number[] =>
  ports.map((port) => service?.spec?.ports?.find((one) => one.port === port)?.nodePort ?? NaN)
