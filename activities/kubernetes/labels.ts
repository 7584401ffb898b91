/**
 * Marks on a cluster's objects, and their names. What selects is a label, what proves or does not fit into a label
 * (RFC 1123, 63 characters) is an annotation of the same name.
 */
import type { KubernetesObject } from '@kubernetes/client-node'
import { escapeUid } from '../../workflows/contract.ts'
import type { Berthing, StartOrder } from '../../workflows/ports.ts'
import { type Labels, type Marked, markLabels, portsLabel, readMark, reserved } from '../labels.ts'
import type { Marks } from '../mark.ts'
import type { Reference } from './client.ts'

/** Whose objects these are: the instance's marks, and the host's name in them. */
export interface Owner {
  readonly marks: Marks
  readonly host: string
}

type Placement = Pick<Berthing, 'key' | 'number'>

export const namespaceOf = ({ marks }: Pick<Owner, 'marks'>, member: string): string => `berth-${marks.instance}-${marks.accountKey(member)}`
/** Of the Deployment, Service, Ingress and Secret of a placement; a Service's has to begin with a letter. */
export const objectName = ({ key, number }: Placement): string => `lease-${key}-${number}`

const selecting = new Set<string>([reserved.instance, reserved.kind, reserved.key, reserved.number, reserved.account])

export interface Metadata {
  readonly name: string
  readonly namespace?: string
  readonly labels: Record<string, string>
  readonly annotations: Record<string, string>
}

/** Metadata of a placement's object, with its mark. */
export function leaseMetadata({ marks, host }: Owner, kind: string, order: StartOrder): Metadata {
  const { key, number, member, spec, hostPorts, cpuShare } = order, namespace = namespaceOf({ marks }, member), name = objectName(order)
  return metadata({ name, namespace }, {
    ...markLabels(marks, { kind: 'lease', key, number }, { name: markedName(kind, { name, namespace }), host }),
    [reserved.member]: escapeUid(member),
    [reserved.account]: marks.accountKey(member),
    [reserved.ports]: portsLabel(spec.ports, hostPorts),
    [reserved.cpuShare]: String(cpuShare ?? ''),
  })
}

/** Metadata of an object of the account itself; `name` absent means its Namespace. */
export function accountMetadata({ marks, host }: Owner, kind: string, { member, name }: { readonly member: string; readonly name?: string }): Metadata {
  const account = marks.accountKey(member), namespace = namespaceOf({ marks }, member)
  const at = name === undefined ? { name: namespace } : { name, namespace }
  return metadata(at, {
    ...markLabels(marks, { kind: 'account', key: account, number: 0 }, { name: markedName(kind, at), host }),
    [reserved.member]: escapeUid(member),
    [reserved.account]: account,
  })
}

function metadata(at: { name: string; namespace?: string }, all: Labels): Metadata {
  const entries = Object.entries(all)
  return {
    ...at,
    labels: Object.fromEntries(entries.filter(([name]) => selecting.has(name))),
    annotations: Object.fromEntries(entries.filter(([name]) => !selecting.has(name))),
  }
}

/** A name is one among its kind in its namespace alone, so a mark covers all three. */
const markedName = (kind: string, { name, namespace = '' }: { name: string; namespace?: string }): string => `${namespace}/${kind}/${name}`

/** Labels that select the pods of a placement; also on the pods, which are known by them and by their Deployment. */
export const podLabels = ({ marks }: Pick<Owner, 'marks'>, { key, number, member }: Berthing): Record<string, string> => ({
  [reserved.instance]: marks.instance, [reserved.key]: key, [reserved.number]: String(number), [reserved.account]: marks.accountKey(member),
})

export const selectorOf = (labels: Labels): string => Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(',')
export const instanceSelector = ({ marks }: Pick<Owner, 'marks'>): string => `${reserved.instance}=${marks.instance}`
export const placementSelector = ({ marks }: Pick<Owner, 'marks'>, { key, number }: Placement): string =>
  selectorOf({ [reserved.instance]: marks.instance, [reserved.key]: key, [reserved.number]: String(number) })

/** Undefined unless the mark on it proves that this instance made this very object on this host. */
export function markOf({ marks, host }: Owner, object: KubernetesObject, kind = object.kind ?? ''): Marked | undefined {
  const { name, namespace, labels, annotations } = object.metadata ?? {}
  if (name === undefined) return undefined
  const mark = readMark(marks, { ...annotations, ...labels }, { name: markedName(kind, { name, ...(namespace !== undefined && { namespace }) }), host })
  // The mark does not cover the member, but the namespace is made of it.
  return mark && namespaceOf({ marks }, mark.member) === (namespace ?? name) ? mark : undefined
}

/** As `Owned.object` has it: `namespace/Kind/name`. */
export const objectOf = (kind: string, { metadata }: KubernetesObject): string => `${metadata?.namespace ?? ''}/${kind}/${metadata?.name ?? ''}`

const versions: Readonly<Record<string, string>> = {
  Namespace: 'v1', Service: 'v1', Secret: 'v1', Pod: 'v1', ServiceAccount: 'v1', Node: 'v1',
  Deployment: 'apps/v1', ReplicaSet: 'apps/v1', Ingress: 'networking.k8s.io/v1', RoleBinding: 'rbac.authorization.k8s.io/v1', ClusterRole: 'rbac.authorization.k8s.io/v1',
}

export const kindOf = (kind: string): Pick<Reference, 'apiVersion' | 'kind'> => ({ apiVersion: versions[kind] ?? 'v1', kind })

export const reference = (kind: string, name: string, namespace?: string): Reference =>
  ({ ...kindOf(kind), metadata: { name, ...(namespace !== undefined && { namespace }) } })
