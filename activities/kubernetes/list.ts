/** Everything in the cluster whose mark verifies, and the removal of one such thing. A label alone proves nothing. */
import type { KubernetesObject, V1Deployment, V1Namespace } from '@kubernetes/client-node'
import type { Owned } from '../../workflows/ports.ts'
import type { Marked } from '../labels.ts'
import type { Cluster } from './cluster.ts'
import { accompanying, created, isLeaving } from './find.ts'
import { instanceSelector, kindOf, markOf, namespaceOf, objectOf, reference } from './labels.ts'
import { remove } from './remove.ts'

export async function list(cluster: Cluster): Promise<readonly Owned[]> {
  const labels = instanceSelector(cluster), how = { ms: 20_000 }
  const [namespaces, deployments, ...others] = await Promise.all([
    cluster.client.list<V1Namespace>(kindOf('Namespace'), { labels }, how),
    cluster.client.list<V1Deployment>(kindOf('Deployment'), { labels }, how),
    ...accompanying.map((kind) => cluster.client.list(kindOf(kind), { labels }, how).then((all) => all.map((one): KubernetesObject => ({ ...one, kind })))),
  ])
  // What is on its way out with its Namespace is nobody's to remove again.
  const leaving = new Set(namespaces.filter(isLeaving).map(({ metadata }) => metadata?.name))
  const stays = ({ metadata }: KubernetesObject) => !leaving.has(metadata?.namespace)
  const containers = deployments.filter(stays).flatMap((one) => owned(cluster, one, { kind: 'Deployment', what: 'container' }))
  const held = new Set(containers.map(placed))
  return [
    ...namespaces.filter((one) => !isLeaving(one)).flatMap((one) => owned(cluster, one, { kind: 'Namespace', what: 'network' })),
    ...containers,
    // What goes with a Deployment is no thing of its own.
    ...others.flat().filter(stays).flatMap((one) => owned(cluster, one, { kind: one.kind!, what: 'object' })).filter((one) => !held.has(placed(one))),
  ]
}

const placed = ({ key, number }: Owned) => `${key}#${number}`

function owned(cluster: Cluster, object: KubernetesObject, { kind, what }: { kind: string; what: Owned['what'] }): Owned[] {
  const mark = markOf(cluster, object, kind)
  if (!mark || mark.kind !== (what === 'network' ? 'account' : 'lease')) return []
  return [{ what, object: objectOf(kind, object), ...known(mark), running: isRunning(object, what), createdAt: created(object) }]
}

const known = ({ key, number, member, ports }: Marked) => ({ key, number, member, hostPorts: ports.map(({ hostPort }) => hostPort) })

const isRunning = (object: KubernetesObject, what: Owned['what']): boolean =>
  what === 'network' || (what === 'container' && (object as V1Deployment).spec?.replicas !== 0)

/** Looks at the mark once more, for the name may be another's by now. A Namespace that is in use again stays. */
export async function removeOwned(cluster: Cluster, it: Owned): Promise<void> {
  if (it.what === 'network') return await cluster.ground.release(it)
  if (it.what === 'container') return void await remove(cluster, it)
  const [, kind = '', name = ''] = it.object.split('/')
  const object = await cluster.client.read<KubernetesObject>(reference(kind, name, namespaceOf(cluster, it.member)))
  const mark = object && markOf(cluster, object, kind)
  if (!mark || mark.key !== it.key || mark.number !== it.number) return
  await cluster.client.remove(reference(kind, name, object.metadata?.namespace), { uid: object.metadata?.uid })
  await cluster.ground.release(it)
}
