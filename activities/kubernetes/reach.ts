/**
 * A member's own way into the account's Namespace: for each kubeconfig a ServiceAccount, bound there to what `berth-member`
 * allows, and a token of it. What ends it goes in this order: the bindings, for rights are asked at every request; the
 * accounts, for the API server believes a token that it has just seen for 10 s more; then what is open.
 */
import type { KubernetesObject, V1ClusterRole, V1RoleBinding, V1ServiceAccount } from '@kubernetes/client-node'
import { type Access, NoReach, type Reach, type ReachWish, type Revoked } from '../../workflows/ports.ts'
import type { Door } from './door.ts'
import { created } from './object.ts'
import { type Here, hangUp, hushUp } from './hangUp.ts'
import { accountMetadata, instanceSelector, kindOf, markOf, namespaceOf, reference } from './labels.ts'
import { memberRole } from './role.ts'

/** For less the API gives no token. */
const leastS = 600
/** So many kubeconfigs of one account hold at once; the oldest gives way. */
const mostGrants = 20

const prefix = 'reach-'
/**
 * An account of which nobody ever gets a token: while it is there, something may be open that a grant has opened. It goes
 * last, so a revocation that was cut off is taken up to its end, whichever objects it had removed.
 */
const opened = 'reached'

/** `door` throws `NoReach`. */
export function createReach(here: Here, door: () => Door): Reach & Sealing {
  /** By member: of two leases that lose a right together one does the work, and the other finds it done. */
  const running = new Map<string, Promise<unknown>>()
  const inTurn = <T>(member: string, run: () => Promise<T>): Promise<T> => {
    const mine = (running.get(member) ?? Promise.resolve()).then(run, run)
    running.set(member, mine)
    const forget = () => { if (running.get(member) === mine) running.delete(member) }
    mine.then(forget, forget)
    return mine
  }
  let isThere = false
  /** A binding to a role that is not there is made all the same, and grants nothing. */
  const assertRole = async () => {
    if (!isThere && !await here.client.read<V1ClusterRole>(reference('ClusterRole', memberRole), { asIs: true })) {
      throw new NoReach(`The cluster has no ClusterRole ${memberRole}: an admin applies worker/kubernetes-role.yaml.`)
    }
    isThere = true
  }
  return {
    grant: (wish) => inTurn(wish.member, async () => {
      const leadsHere = door()
      await assertRole()
      return await grant(here, wish, leadsHere)
    }),
    revoke: (member) => inTurn(member, () => revoke(here, member, { pods: 'replaced' })),
    seal: async (member) => void await inTurn(member, () => revoke(here, member, { pods: 'going' })),
  }
}

export interface Sealing {
  /** Takes all rights there, and ends what is open as far as that goes without the end of the pods, which the caller removes. */
  seal(member: string): Promise<void>
}

async function grant(here: Here, { member, id, forMs }: ReachWish, { server, authority, tlsName }: Door): Promise<Access> {
  const { client } = here, namespace = namespaceOf(here, member), name = `${prefix}${id}`
  const [others] = await Promise.all([
    ours<V1ServiceAccount>(here, member, 'ServiceAccount'),
    client.apply(account(here, member, opened)), client.apply(account(here, member, name)), client.apply(binding(here, member, name)),
  ])
  const oldest = others.filter((one) => isGrant(one) && nameOf(one) !== name).sort((a, b) => created(b) - created(a)).slice(mostGrants - 1)
  const [{ status }] = await Promise.all([
    client.ask('give a token', ({ core }) => core.createNamespacedServiceAccountToken({
      name, namespace, body: { spec: { audiences: [], expirationSeconds: Math.max(leastS, Math.ceil(forMs / 1000)) } },
    })),
    ...oldest.map((one) => end(here, member, nameOf(one))),
  ])
  if (!status?.token || !status.expirationTimestamp) throw new Error('The cluster gave no token.')
  return {
    server, namespace, user: name, token: status.token, until: new Date(status.expirationTimestamp).getTime(),
    ...(authority !== undefined && { authority }), ...(tlsName !== undefined && { tlsName }),
  }
}

const account = (here: Here, member: string, name: string): V1ServiceAccount & KubernetesObject => ({
  apiVersion: 'v1', kind: 'ServiceAccount', metadata: accountMetadata(here, 'ServiceAccount', { member, name }), automountServiceAccountToken: false,
})

const binding = (here: Here, member: string, name: string): V1RoleBinding & KubernetesObject => ({
  ...kindOf('RoleBinding'), kind: 'RoleBinding', metadata: accountMetadata(here, 'RoleBinding', { member, name }),
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: memberRole },
  subjects: [{ kind: 'ServiceAccount', name, namespace: namespaceOf(here, member) }],
})

/** None is success. */
async function revoke(here: Here, member: string, { pods }: { pods: 'replaced' | 'going' }): Promise<Revoked> {
  const [bindings, accounts] = await Promise.all([
    ours<V1RoleBinding>(here, member, 'RoleBinding'), ours<V1ServiceAccount>(here, member, 'ServiceAccount'),
  ])
  const grants = accounts.filter(isGrant), left = accounts.filter((one) => nameOf(one) === opened)
  await removeAll(here, 'RoleBinding', bindings.filter(isGrant))
  await removeAll(here, 'ServiceAccount', grants)
  let restarted = 0
  if (grants.length + left.length > 0) {
    if (pods === 'replaced') restarted = await hangUp(here, member)
    else await hushUp(here, member)
  }
  await removeAll(here, 'ServiceAccount', left)
  return { grants: grants.length, restarted }
}

/** Ends one, without what it has opened. */
async function end({ client, ...owner }: Here, member: string, name: string): Promise<void> {
  const namespace = namespaceOf(owner, member)
  await client.remove(reference('RoleBinding', name, namespace))
  await client.remove(reference('ServiceAccount', name, namespace))
}

const nameOf = ({ metadata }: KubernetesObject): string => metadata?.name ?? ''
const isGrant = (one: KubernetesObject): boolean => nameOf(one).startsWith(prefix)

async function ours<T extends KubernetesObject>(here: Here, member: string, kind: 'ServiceAccount' | 'RoleBinding'): Promise<readonly T[]> {
  const all = await here.client.list<T>(kindOf(kind), { namespace: namespaceOf(here, member), labels: instanceSelector(here) })
  return all.filter((one) => markOf(here, one, kind)?.kind === 'account')
}

async function removeAll({ client }: Here, kind: 'ServiceAccount' | 'RoleBinding', objects: readonly KubernetesObject[]): Promise<void> {
  await Promise.all(objects.map(({ metadata }) => client.remove(reference(kind, metadata?.name ?? '', metadata?.namespace), { uid: metadata?.uid })))
}
