/** What an account's Namespace holds besides leases: its limits, its walls, its identity. Pure. */
import type {
  KubernetesObject, RbacV1Subject, V1LimitRange, V1Namespace, V1NetworkPolicy, V1ResourceQuota, V1RoleBinding, V1Secret, V1ServiceAccount,
} from '@kubernetes/client-node'
import type { RunTerms } from '../../workflows/ports.ts'
import { type Owner, accountMetadata } from './labels.ts'
import { cpuText, memoryText } from './quantity.ts'
import { insideRole } from './role.ts'

export interface Walls {
  /** What leases must not reach: where Berth and its parts listen, nodes, other accounts' pods, Services. IPv4 ranges. */
  readonly control: readonly string[]
  /** Where pods of others have their addresses: nobody comes in from there past a node port. */
  readonly pods: readonly string[]
  /** Resource name of a GPU, as the nodes offer it. */
  readonly gpu?: string | undefined
}

export interface AccountTerms {
  readonly member: string
  readonly terms: RunTerms | undefined
  readonly walls: Walls
  /** Registry credentials as Docker writes them (`config.json`). */
  readonly pullSecret?: string | undefined
}

/** Of the pods of leases: it has no rights, and no token of it is mounted. */
export const leaseAccount = 'lease'
/** Who uses the Namespace just now: `release` keeps off it meanwhile (`ground.ts`). */
export const usedBy = 'berth.used-by'

export function namespaceObject(owner: Owner, { member, security, by }: { member: string; security: 'restricted' | 'baseline'; by: string }): V1Namespace {
  const { labels, annotations, ...metadata } = accountMetadata(owner, 'Namespace', { member })
  const level = { 'pod-security.kubernetes.io/enforce': security, 'pod-security.kubernetes.io/enforce-version': 'latest' }
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { ...metadata, labels: { ...labels, ...level }, annotations: { ...annotations, [usedBy]: by } } }
}

/** Of Berth itself; those of members begin with `reach-`. */
export const ownBinding = 'berth'

/** What makes the Namespace one in which Berth may do the rest. */
export function insideBinding(owner: Owner, member: string, to: RbacV1Subject): V1RoleBinding & KubernetesObject {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: accountMetadata(owner, 'RoleBinding', { member, name: ownBinding }),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: insideRole }, subjects: [to],
  }
}

export const pullSecretName = 'pull'

export function accountObjects(owner: Owner, { member, terms, walls, pullSecret }: AccountTerms) {
  return [
    serviceAccount(owner, member), limits(owner, member), wall(owner, member, walls),
    ...(terms?.quota ? [quota(owner, member, { quota: terms.quota, walls })] : []),
    ...(pullSecret !== undefined ? [credentials(owner, member, pullSecret)] : []),
  ]
}

function credentials(owner: Owner, member: string, config: string): V1Secret {
  return {
    apiVersion: 'v1', kind: 'Secret', metadata: accountMetadata(owner, 'Secret', { member, name: pullSecretName }),
    type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': Buffer.from(config).toString('base64') },
  }
}

function serviceAccount(owner: Owner, member: string): V1ServiceAccount {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: accountMetadata(owner, 'ServiceAccount', { member, name: leaseAccount }), automountServiceAccountToken: false }
}

/** The fence around all of the account's leases; Berth's own books are stricter, this one holds against everybody. */
function quota(owner: Owner, member: string, { quota, walls }: { quota: NonNullable<RunTerms['quota']>; walls: Walls }): V1ResourceQuota {
  return {
    apiVersion: 'v1', kind: 'ResourceQuota', metadata: accountMetadata(owner, 'ResourceQuota', { member, name: 'account' }),
    spec: { hard: {
      pods: String(quota.count), 'limits.cpu': cpuText(quota.cpu), 'limits.memory': memoryText(quota.memory),
      ...(walls.gpu !== undefined && { [`requests.${walls.gpu}`]: String(quota.gpu ?? 0) }),
    } },
  }
}

/** A pod that says nothing gets little: nobody but Berth makes pods here, yet a quota refuses those without limits. */
function limits(owner: Owner, member: string): V1LimitRange {
  return {
    apiVersion: 'v1', kind: 'LimitRange', metadata: accountMetadata(owner, 'LimitRange', { member, name: 'account' }),
    spec: { limits: [{ type: 'Container', _default: { cpu: '100m', memory: '64Mi' }, defaultRequest: { cpu: '100m', memory: '64Mi' } }] },
  }
}

/** Link-local: where clouds answer with the host's credentials. */
const metadataRange = '169.254.0.0/16'

/**
 * Denies by default. In: the account's own pods, and everybody who is no pod (node ports). Out: the account's own pods, the
 * cluster's DNS, and everywhere but `control`, metadata, pods and Services. IPv6 is denied. It is stored in any case; only a
 * cluster whose network enforces policies keeps to it.
 */
function wall(owner: Owner, member: string, { control, pods }: Walls): V1NetworkPolicy {
  const own = { podSelector: {} }, dns = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }
  const except = [...new Set([metadataRange, ...pods, ...control])].filter((range) => !range.includes(':')).map(asRange)
  return {
    apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: accountMetadata(owner, 'NetworkPolicy', { member, name: 'account' }),
    spec: {
      podSelector: {}, policyTypes: ['Ingress', 'Egress'],
      ingress: [{ _from: [own] }, { _from: [{ ipBlock: { cidr: '0.0.0.0/0', ...(pods.length > 0 && { except: pods.map(asRange) }) } }] }],
      egress: [
        { to: [own] },
        { to: [dns], ports: [{ port: 53, protocol: 'UDP' }, { port: 53, protocol: 'TCP' }] },
        { to: [{ ipBlock: { cidr: '0.0.0.0/0', except } }] },
      ],
    },
  }
}

const asRange = (address: string): string => address.includes('/') ? address : `${address}/32`
