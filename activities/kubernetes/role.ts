/**
 * What Berth may do in a cluster, as worker/kubernetes-role.yaml grants it: to ask the cluster for each, and to print what
 * is missing. Pure.
 */
import type { V1PolicyRule } from '@kubernetes/client-node'
import type { Denied } from './denied.ts'

export interface Right {
  /** Empty for the core group. */
  readonly group: string
  readonly resource: string
  readonly verbs: readonly string[]
  /** Only on objects of these names. */
  readonly names?: readonly string[]
}

/** Names of the ClusterRoles. */
export const clusterRole = 'berth'
/** Bound by Berth to itself in each Namespace that it makes: so it sees no Secret of anybody else. */
export const insideRole = 'berth-inside'
/** Bound by Berth to a member's service account in the member's own Namespace. */
export const memberRole = 'berth-member'

const rbac = 'rbac.authorization.k8s.io', networking = 'networking.k8s.io'

export const everywhere: readonly Right[] = [
  { group: '', resource: 'namespaces', verbs: ['get', 'list', 'create', 'patch', 'delete'] },
  { group: '', resource: 'nodes', verbs: ['list'] },
  { group: '', resource: 'pods', verbs: ['list', 'watch'] },
  { group: 'apps', resource: 'deployments', verbs: ['get', 'list'] },
  { group: '', resource: 'services', verbs: ['list'] },
  { group: networking, resource: 'ingresses', verbs: ['list'] },
  { group: rbac, resource: 'rolebindings', verbs: ['list', 'create', 'patch'] },
  { group: rbac, resource: 'clusterroles', verbs: ['get', 'bind'], names: [insideRole, memberRole] },
]

/** Without them Berth does less, and says so. */
export const optional: readonly Right[] = [
  { group: 'metrics.k8s.io', resource: 'pods', verbs: ['list'] },
]

export const inside: readonly Right[] = [
  { group: 'apps', resource: 'deployments', verbs: ['create', 'patch', 'delete'] },
  { group: 'apps', resource: 'replicasets', verbs: ['list', 'delete'] },
  { group: '', resource: 'pods', verbs: ['deletecollection'] },
  { group: '', resource: 'pods/log', verbs: ['get'] },
  { group: '', resource: 'services', verbs: ['get', 'create', 'patch', 'delete'] },
  { group: networking, resource: 'ingresses', verbs: ['get', 'create', 'patch', 'delete'] },
  { group: '', resource: 'secrets', verbs: ['get', 'list', 'create', 'patch', 'delete'] },
  { group: '', resource: 'serviceaccounts', verbs: ['list', 'create', 'patch', 'delete'] },
  { group: '', resource: 'serviceaccounts/token', verbs: ['create'] },
  { group: '', resource: 'pods/exec', verbs: ['get', 'create'] },
  { group: '', resource: 'pods/portforward', verbs: ['get', 'create'] },
  { group: rbac, resource: 'rolebindings', verbs: ['get', 'delete'] },
  { group: '', resource: 'resourcequotas', verbs: ['create', 'patch'] },
  { group: '', resource: 'limitranges', verbs: ['create', 'patch'] },
  { group: networking, resource: 'networkpolicies', verbs: ['create', 'patch'] },
]

/** One verb on one resource, as a cluster is asked for it. */
export interface Asked extends Denied {
  readonly name?: string
}

export const each = (rights: readonly Right[]): readonly Asked[] => rights.flatMap(({ group, resource, verbs, names }) =>
  verbs.flatMap((verb): Asked[] => names ? names.map((name) => ({ group, resource, verb, name })) : [{ group, resource, verb }]))

/** Whether these rules of a role grant it. */
export const grants = (rules: readonly V1PolicyRule[], { group, resource, verb, name }: Asked): boolean => rules.some((rule) => {
  const holds = (all: readonly string[] | undefined, one: string) => all?.some((it) => it === one || it === '*') ?? false
  return holds(rule.apiGroups, group) && holds(rule.verbs, verb) && holds(rule.resources, resource)
    && (!rule.resourceNames?.length || (name !== undefined && rule.resourceNames.includes(name)))
})

/** A role as YAML that gives exactly these. */
export function roleText(name: string, missing: readonly Asked[]): string {
  return ['apiVersion: rbac.authorization.k8s.io/v1', 'kind: ClusterRole', `metadata: { name: ${name} }`, 'rules:', ...together(missing).map(ruleText)].join('\n')
}

function together(missing: readonly Asked[]): readonly Right[] {
  const of = new Map<string, { group: string; resource: string; verbs: Set<string>; names: Set<string> }>()
  for (const { group, resource, verb, name } of missing) {
    const at = `${group}/${resource}`, one = of.get(at) ?? { group, resource, verbs: new Set<string>(), names: new Set<string>() }
    one.verbs.add(verb)
    if (name !== undefined) one.names.add(name)
    of.set(at, one)
  }
  return [...of.values()].map(({ group, resource, verbs, names }) => ({ group, resource, verbs: [...verbs], ...(names.size > 0 && { names: [...names] }) }))
}

function ruleText({ group, resource, verbs, names }: Right): string {
  const list = (all: readonly string[]) => `[${all.map((one) => `"${one}"`).join(', ')}]`
  return `  - { apiGroups: ${list([group])}, resources: ${list([resource])}, verbs: ${list(verbs)}${names ? `, resourceNames: ${list(names)}` : ''} }`
}
