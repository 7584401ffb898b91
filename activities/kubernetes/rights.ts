/** What the cluster lets Berth do, by the cluster's own word. */
import type { RbacV1Subject, V1ClusterRole } from '@kubernetes/client-node'
import type { Client } from './client.ts'
import { sayRight } from './denied.ts'
import { reference } from './labels.ts'
import { type Asked, clusterRole, each, everywhere, grants, inside, insideRole, memberRole, roleText } from './role.ts'

/** Nothing can be lent on this cluster until an admin has done what the sentence says. No retry mends it. */
export class NotFit extends Error {
  override name = 'NotFit'
}

/** What Berth may not do and has to; undefined when nothing. `self`: to whom it would bind rights, if it has to. */
export async function missingRights(client: Client, self: RbacV1Subject | undefined): Promise<NotFit | undefined> {
  if (await may(client, everything)) return undefined
  const missing = await missingOf(client, each(everywhere))
  if (missing.length > 0) return lacks(missing, self ?? subjectOf(await userOf(client)))
  return self && await poorRole(client)
}

const everything: Asked = { verb: '*', resource: '*', group: '*' }

async function missingOf(client: Client, asked: readonly Asked[]): Promise<readonly Asked[]> {
  const answers = await Promise.all(asked.map((one) => may(client, one)))
  return asked.filter((_, i) => !answers[i])
}

/** The cluster's own word on whether Berth may, in all of it. */
async function may(client: Client, { verb, group, resource: of, name }: Asked): Promise<boolean> {
  const [resource = '', subresource] = of.split('/')
  const attributes = { verb, group, resource, ...(subresource !== undefined && { subresource }), ...(name !== undefined && { name }) }
  const { status } = await client.ask('say what Berth may', ({ authorization }) => authorization.createSelfSubjectAccessReview({
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: attributes } },
  }), { asIs: true })
  return status?.allowed === true
}

/** As which the cluster knows Berth, for it to bind rights to; undefined when it has them everywhere anyway. */
export async function selfOf(client: Client): Promise<RbacV1Subject | undefined> {
  if (await may(client, everything) || (await missingOf(client, each(inside))).length === 0) return undefined
  return subjectOf(await userOf(client))
}

async function userOf(client: Client): Promise<string> {
  const { status } = await client.ask('say who Berth is', ({ authentication }) => authentication.createSelfSubjectReview({
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
  }), { asIs: true })
  return status?.userInfo?.username ?? ''
}

function subjectOf(user: string): RbacV1Subject {
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user) ?? []
  if (namespace !== undefined && name !== undefined) return { kind: 'ServiceAccount', name, namespace }
  return { kind: 'User', name: user, apiGroup: 'rbac.authorization.k8s.io' }
}

function lacks(missing: readonly Asked[], { kind, name, namespace }: RbacV1Subject): NotFit {
  const more = `${clusterRole}-more`, subject = kind === 'ServiceAccount' ? `--serviceaccount=${namespace}:${name}` : `--user='${name}'`
  return new NotFit([
    `Berth may not ${missing.map(sayRight).join(', ')}. An admin applies worker/kubernetes-role.yaml, or gives it what is missing:`,
    roleText(more, missing),
    `# and then: kubectl create clusterrolebinding ${more} --clusterrole=${more} ${subject}`,
  ].join('\n'))
}

/** What Berth will bind has to be there, and to hold enough. */
async function poorRole(client: Client): Promise<NotFit | undefined> {
  for (const [name, needed] of [[insideRole, each(inside)], [memberRole, []]] as const) {
    const role = await client.read<V1ClusterRole>(reference('ClusterRole', name), { asIs: true })
    if (!role) return new NotFit(`The cluster has no ClusterRole ${name}: an admin applies worker/kubernetes-role.yaml.`)
    const missing = needed.filter((one) => !grants(role.rules ?? [], one))
    if (missing.length > 0) {
      const said = missing.map(({ verb, resource }) => `${verb} ${resource}`).join(', ')
      return new NotFit(`The ClusterRole ${name} does not let Berth ${said}. An admin applies this Berth's worker/kubernetes-role.yaml, or adds what is missing:\n${roleText(name, missing)}`)
    }
  }
  return undefined
}
