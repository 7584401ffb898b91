/** Everything in the cluster whose mark verifies, and the removal of one such thing. A label alone proves nothing. */
import type { KubernetesObject, V1Deployment, V1Namespace } from '@kubernetes/client-node'
import type { Owned } from '../../workflows/ports.ts'
import { placementOf } from '../../workflows/rules/placement.ts'
import type { Marked } from '../labels.ts'
import { ownBinding } from './account.ts'
import type { Cluster } from './cluster.ts'
import { accompanying } from './find.ts'
import { created, isLeaving } from './object.ts'
import { instanceSelector, kindOf, markOf, namespaceOf, objectOf, reference } from './labels.ts'
import { remove } from './remove.ts'

/** Berth sees Secrets in its own Namespaces alone, so they are looked through by turns, this many with each listing. */
const secretsOf = 5

const how = { ms: 20_000 }

/** Secrets of only some Namespaces are in it: another listing shows others. */
export type List = () => Promise<readonly Owned[]>

export function createList(cluster: Cluster): List {
  let last = ''
  /** The next few after those of the listing before, and round again. */
  function turn(namespaces: readonly string[]): readonly string[] {
    const sorted = [...namespaces].sort(), after = sorted.findIndex((name) => name > last)
    const next = (after > 0 ? [...sorted.slice(after), ...sorted.slice(0, after)] : sorted).slice(0, secretsOf)
    last = next.at(-1) ?? ''
    return next
  }
  return async () => {
    const [namespaces, deployments, bindings, ...others] = await Promise.all([
      listAll<V1Namespace>(cluster, 'Namespace'), listAll<V1Deployment>(cluster, 'Deployment'), listAll(cluster, 'RoleBinding'),
      ...accompanying.filter((kind) => kind !== 'Secret').map((kind) => listAll(cluster, kind)),
    ])
    // What is on its way out with its Namespace is nobody's to remove again.
    const leaving = new Set(namespaces.filter(isLeaving).map(nameOf))
    const stays = ({ metadata }: KubernetesObject) => !leaving.has(metadata?.namespace ?? '')
    const grounds = namespaces.filter((one) => !isLeaving(one)).flatMap((one) => owned(cluster, one, 'network'))
    const containers = deployments.filter(stays).flatMap((one) => owned(cluster, one, 'container'))
    const held = new Set(containers.map(placementOf)), members = new Set(grounds.map(({ member }) => member))
    const secrets = await Promise.all(turn(grounds.map(({ member }) => namespaceOf(cluster, member))).map((namespace) => listAll(cluster, 'Secret', namespace)))
    return [
      ...grounds, ...containers,
      // They go with their Namespace, unless that is not known as ours any more. Without Berth's own none can be removed.
      ...bindings.filter((one) => stays(one) && nameOf(one) !== ownBinding).flatMap((one) => owned(cluster, one, 'network')).filter(({ member }) => !members.has(member)),
      // What goes with a Deployment is no thing of its own.
      ...[...others, ...secrets].flat().filter(stays).flatMap((one) => owned(cluster, one, 'object')).filter((one) => !held.has(placementOf(one))),
    ]
  }
}

async function listAll<T extends KubernetesObject>({ client, ...owner }: Cluster, kind: string, namespace?: string): Promise<readonly T[]> {
  const found = await client.list<T>(kindOf(kind), { labels: instanceSelector(owner), ...(namespace !== undefined && { namespace }) }, how)
  return found.map((one) => ({ ...one, kind }))
}

const nameOf = ({ metadata }: KubernetesObject): string => metadata?.name ?? ''

function owned(cluster: Cluster, object: KubernetesObject, what: Owned['what']): Owned[] {
  const { kind = '' } = object, mark = markOf(cluster, object, kind)
  if (!mark || mark.kind !== (what === 'network' ? 'account' : 'lease')) return []
  return [{ what, object: objectOf(kind, object), ...known(mark), running: isRunning(object, what), createdAt: created(object) }]
}

const known = ({ key, number, member, ports }: Marked) => ({ key, number, member, hostPorts: ports.map(({ hostPort }) => hostPort) })

const isRunning = (object: KubernetesObject, what: Owned['what']): boolean =>
  what === 'network' || (what === 'container' && (object as V1Deployment).spec?.replicas !== 0)

/** Looks at the mark once more, for the name may be another's by now. A Namespace that is in use again stays. */
export async function removeOwned(cluster: Cluster, it: Owned): Promise<void> {
  const [, kind = '', name = ''] = it.object.split('/')
  if (it.what === 'network' && kind === 'Namespace') return await cluster.ground.release(it)
  if (it.what === 'container') return void await remove(cluster, it)
  const object = await cluster.client.read<KubernetesObject>(reference(kind, name, namespaceOf(cluster, it.member)))
  const mark = object && markOf(cluster, object, kind)
  if (!mark || mark.key !== it.key || mark.number !== it.number) return
  await cluster.client.remove(reference(kind, name, object.metadata?.namespace), { uid: object.metadata?.uid })
  await cluster.ground.release(it)
}
