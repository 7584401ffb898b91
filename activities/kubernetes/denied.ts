/** When the cluster does not let Berth do something: which right that would be, and where it is written. */

export interface Denied {
  readonly verb: string
  /** With its subresource: `pods/log`. */
  readonly resource: string
  readonly group: string
  /** Absent: in the whole cluster. */
  readonly namespace?: string
}

/** Berth has not this right, and none of its own makes up for it. */
export class NotAllowed extends Error {
  override name = 'NotAllowed'
  readonly denied: Denied
  constructor(denied: Denied) {
    super(`Berth may not ${sayRight(denied)}: an admin has to apply its worker/kubernetes-role.yaml again.`)
    this.denied = denied
  }
}

/** "list pods of metrics.k8s.io in the whole cluster". */
export const sayRight = ({ verb, resource, group, namespace }: Denied): string =>
  `${verb} ${resource}${group === '' ? '' : ` of ${group}`} ${namespace === undefined ? 'in the whole cluster' : `in namespace ${namespace}`}`

const rbac = 'rbac.authorization.k8s.io'

/** The authorizer's "no", in the server's words; a quota's or a webhook's is none. */
export function deniedBy(said: string): Denied | undefined {
  // Who may not do it himself may not let others do it either, unless he has the verb "bind".
  if (/attempting to grant RBAC permissions not currently held/.test(said)) return { verb: 'bind', resource: 'clusterroles', group: rbac }
  const found = /cannot (\S+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)")?/.exec(said)
  if (!found) return undefined
  const [, verb = '', resource = '', group = '', namespace] = found
  // A Namespace is asked for as if it were in itself.
  return { verb, resource, group, ...(namespace !== undefined && resource !== 'namespaces' && { namespace }) }
}
