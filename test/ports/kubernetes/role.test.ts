/**
 * worker/kubernetes-role.yaml is what Berth needs, and no wider: everything that Berth does on a cluster is done by the
 * service account of the manifest, and the API server's own audit says by which rule each request was let through.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KubernetesObject, V1PolicyRule } from '@kubernetes/client-node'
import { parseAllDocuments } from 'yaml'
import { leaseObjects } from '../../../activities/kubernetes/lease.ts'
import { type Asked, each, everywhere, inside, optional, type Right } from '../../../activities/kubernetes/role.ts'
import { accountMetadata } from '../../../activities/kubernetes/labels.ts'
import { type Cluster, startCluster } from '../../kubernetes/cluster.ts'
import { lacks } from '../../kubernetes/lacks.ts'
import { newOrder, signs } from '../runtime.suite.ts'
import { asBerth, beside, kubectlAs, manifest } from './berth.ts'
import { host, type KubeLab, nodePort, openKubeLab } from './lab.ts'

interface Role extends KubernetesObject {
  readonly rules?: readonly V1PolicyRule[]
}

const shipped = parseAllDocuments(readFileSync(manifest, 'utf8')).map((one) => one.toJS() as Role)
const said = ({ group, resource, verb, name }: Asked) => [group || 'core', resource, verb, ...(name === undefined ? [] : [name])].join(' ')

function rulesOf(name: string): string[] {
  const { rules = [] } = shipped.find((one) => one.kind === 'ClusterRole' && one.metadata?.name === name)!
  return each(rules.flatMap(({ apiGroups = [], resources = [], verbs, resourceNames }): Right[] => apiGroups.flatMap((group) =>
    resources.map((resource) => ({ group, resource, verbs, ...(resourceNames && { names: resourceNames }) }))))).map(said).sort()
}

test('the manifest grants what Berth asks for when it starts, and nothing else', () => {
  expect(rulesOf('berth')).toEqual(each([...everywhere, ...optional]).map(said).sort())
  expect(rulesOf('berth-inside')).toEqual(each(inside).map(said).sort())
  expect(JSON.stringify(shipped)).not.toContain('*')
})

test('members are granted nothing that shows a Secret, or makes, changes or removes an object', () => {
  const rules = rulesOf('berth-member')
  expect(rules.filter((rule) => /secret|serviceaccount|rolebinding|attach|ephemeral|proxy|nodes|namespaces/.test(rule))).toEqual([])
  expect(rules.filter((rule) => /(create|update|patch|delete|deletecollection|impersonate|bind|escalate|use)$/.test(rule))).toEqual(['core pods/exec create', 'core pods/portforward create'])
})

describe.skipIf(lacks('kwok'))('with the rights of the manifest', { timeout: 120_000 }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'berth-audit-')), log = join(dir, 'audit.log')
  let cluster: Cluster, lab: KubeLab, berth: string
  beforeAll(async () => {
    writeFileSync(join(dir, 'policy.yaml'), JSON.stringify({
      apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived', 'ResponseStarted'],
      rules: [{ level: 'Request', resources: [{ group: 'rbac.authorization.k8s.io', resources: ['rolebindings'] }] }, { level: 'Metadata' }],
    }))
    cluster = await startCluster({ mode: 'kwok', flags: { 'kube-apiserver': [`--audit-policy-file=${join(dir, 'policy.yaml')}`, `--audit-log-path=${log}`] } })
    berth = await asBerth(cluster)
    lab = openKubeLab({ kubeconfig: cluster.kubeconfig, as: berth, probe: 'pod', host })
  })
  afterAll(async () => {
    await lab?.close()
    await cluster?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  test('all that Berth does is done, and each right is of use', async () => {
    await haveMetrics(cluster)
    const { runtime } = lab, owner = { marks: lab.marks, host }
    expect((await runtime.prepare([30_000, 32_767])).filter(({ level }) => level === 'warn')).toEqual([])
    const one = newOrder({ image: 'web', reference: 'web:1', ports: [80] }, [nodePort()], {
      terms: { hostname: 'page-abc.example.org', ingressClass: 'nginx', quota: { cpu: 4, memory: 2 ** 32, count: 4 } },
    })
    const order = { ...one, spec: { ...one.spec, env: { GREETING: 'hello' } } }
    expect((await runtime.start(order, signs())).is).toBe('running')
    expect(await runtime.eyes.glimpse()).toHaveLength(1)
    await heard(lab, cluster, order.member)
    await runtime.pulse({ local: { byProcess: true, beat: async () => ({}), peers: async () => ({ count: 0 }) }, findProcess: () => undefined }).beat({ id: 'x@y/z' })
    // Nothing runs on this cluster, so that nothing can be read of it or done in it: what matters is that it is asked.
    await runtime.logs(order, 5).catch(() => [])
    // Whose node port does not answer is asked in its pod.
    await expect(lab.open({ probe: 'node port', listenMs: 200 }).start({ ...order, number: 3, hostPorts: [nodePort()] }, signs())).rejects.toThrow('Nothing listens on port 80')
    const { member } = order, { token, namespace } = await runtime.reach.grant({ member, id: 'abc', forMs: 600_000 })
    expect(token.length).toBeGreaterThan(100)
    await runtime.reach.revoke(member)
    await runtime.pause(order)
    expect((await runtime.resume(order, signs())).is).toBe('running')
    expect((await runtime.list()).map(({ what }) => what).sort()).toEqual(['container', 'network'])
    // Left alone, the cluster takes it away with its Deployment, sooner or later than Berth.
    const [replicaSet] = await lab.client.list({ apiVersion: 'apps/v1', kind: 'ReplicaSet' }, { namespace })
    const hold = (finalizers: string) => cluster.kubectl('patch', '-n', namespace, 'replicaset', replicaSet!.metadata!.name!, '--type=merge', '-p', `{"metadata":{"finalizers":${finalizers}}}`)
    await hold('["example.org/hold"]')
    await runtime.remove(order)
    expect(await runtime.look(order)).toEqual({ is: 'absent' })
    await hold('null')
    await gone(lab, namespace)

    // What a crash left behind.
    await runtime.start(order, signs())
    const left = { ...order, number: 2, hostPorts: [nodePort()] }
    for (const object of leaseObjects(owner, left, { user: 1000, reserve: 1, pull: 'Never', pullSecret: false, graceS: 1 }).others) await lab.client.apply(object)
    const rest = (await runtime.list()).filter(({ what }) => what === 'object')
    expect(rest.map(({ object }) => object.split('/')[1]).sort()).toEqual(['Ingress', 'Secret', 'Service'])
    for (const object of rest) await runtime.removeOwned(object)
    // A namespace whose mark somebody has spoilt is not ours any more; a binding in it still is.
    await lab.client.apply({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: accountMetadata(owner, 'RoleBinding', { member, name: 'reach-left' }),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'berth-member' } } as KubernetesObject)
    await cluster.kubectl('annotate', 'namespace', namespace, '--overwrite', 'berth.proof=0')
    const [binding] = (await runtime.list()).filter(({ object }) => object.includes('/RoleBinding/'))
    expect(binding).toMatchObject({ what: 'network', member, object: `${namespace}/RoleBinding/reach-left` })
    await runtime.removeOwned(binding!)
    expect((await runtime.list()).map(({ what }) => what)).toEqual(['container'])
    await runtime.remove(order)

    const used = await usedRights(log)
    expect(used.refused).toEqual([])
    expect([...used.of('berth')].sort()).toEqual(rulesOf('berth'))
    expect([...used.of('berth-inside')].sort()).toEqual(rulesOf('berth-inside'))
    expect([...used.of('berth-ports')]).toEqual(['core services create'])
  })

  test('Berth reaches nothing that is not its own', async () => {
    const kubectl = (...args: string[]) => kubectlAs(cluster, berth, ...args)
    for (const asked of [
      ['get', 'secrets', '-n', 'kube-system'], ['get', 'secrets', '-n', 'berth-system'], ['get', 'secrets', '-A'], ['get', 'configmaps', '-n', 'kube-system'],
      ['create', 'deployment', 'x', '--image', 'x', '-n', 'default'], ['delete', 'pod', 'x', '-n', 'kube-system'], ['delete', 'service', 'kubernetes', '-n', 'default'],
      ['create', 'token', 'default', '-n', 'kube-system'], ['create', 'clusterrolebinding', 'x', '--clusterrole', 'cluster-admin', '--user', 'x'],
      ['get', 'clusterroles'], ['patch', 'clusterrole', 'berth-inside', '--type', 'merge', '-p', '{"rules":[]}'], ['get', 'nodes', 'node1'],
    ]) await expect(kubectl(...asked), asked.join(' ')).rejects.toThrow(/forbidden/i)
    await expect(kubectl('get', 'secrets', '-A', '--as', 'admin')).rejects.toThrow(/cannot impersonate/)
  })

  test('Berth binds and makes nothing outside of its own namespaces, whatever roles allow', async () => {
    const policed = (doing: Promise<unknown>) => expect(doing).rejects.toThrow(/Berth works in the Namespaces of its accounts alone/)
    const kubectl = (...args: string[]) => kubectlAs(cluster, berth, ...args)
    const bind = (namespace: string, role = 'berth-inside') => kubectl('create', 'rolebinding', 'x', '-n', namespace, `--clusterrole=${role}`, '--serviceaccount=berth-system:berth')
    for (const namespace of ['kube-system', 'default', 'berth-system']) await policed(bind(namespace))
    await cluster.kubectl('create', 'namespace', 'other')
    for (const namespace of ['berth-system', 'other']) await policed(kubectl('delete', 'namespace', namespace, '--wait=false'))
    await policed(kubectl('create', 'namespace', 'berth-mine'))
    await policed(kubectl('label', 'namespace', 'default', 'pod-security.kubernetes.io/enforce=privileged'))
    await cluster.kubectl('create', 'namespace', 'berth-x-0123456789ab')
    await expect(bind('berth-x-0123456789ab', 'cluster-admin')).rejects.toThrow(/attempting to grant RBAC permissions/)
    await expect(bind('berth-x-0123456789ab', 'edit')).rejects.toThrow(/attempting to grant RBAC permissions/)
  })
})

/** A metrics API without metrics. */
async function haveMetrics(cluster: Cluster): Promise<void> {
  const file = beside(cluster)
  writeFileSync(file, JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition',
    metadata: { name: 'pods.metrics.k8s.io', annotations: { 'api-approved.kubernetes.io': 'unapproved, experimental-only' } },
    spec: { group: 'metrics.k8s.io', scope: 'Namespaced', names: { plural: 'pods', singular: 'pod', kind: 'PodMetrics' },
      versions: [{ name: 'v1beta1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }] },
  }))
  await cluster.kubectl('apply', '-f', file)
  await cluster.kubectl('wait', '--for=condition=Established', 'crd/pods.metrics.k8s.io', '--timeout=30s')
}

/** Until the watch's hint comes, of something that happens to a pod of ours. */
async function heard({ runtime, client, namespaceOf }: KubeLab, { kubectl }: Cluster, member: string): Promise<void> {
  const end = new AbortController()
  const touch = (namespace: string, pod: string) => kubectl('annotate', '-n', namespace, 'pod', pod, '--overwrite', `touched=${Date.now()}`)
  let hints = 0
  const hearing = runtime.eyes.hints(() => { hints++ }, end.signal)
  await expect.poll(async () => {
    for (const { metadata } of await client.list({ apiVersion: 'v1', kind: 'Pod' }, { namespace: namespaceOf(member) })) {
      await touch(metadata!.namespace!, metadata!.name!)
    }
    return hints
  }, { timeout: 10_000 }).toBeGreaterThan(0)
  end.abort()
  await hearing
}

const gone = ({ client }: KubeLab, name: string) =>
  expect.poll(() => client.read({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }), { timeout: 30_000 }).toBeUndefined()

interface Audited {
  readonly verb: string
  readonly user: { readonly username: string }
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string; readonly apiGroup?: string; readonly name?: string }
  readonly responseStatus?: { readonly code?: number }
  readonly requestObject?: { readonly roleRef?: { readonly name?: string } }
  readonly annotations?: Readonly<Record<string, string>>
}

/** By the audit: rights that let a request of Berth's through, by the role that granted them; and what was forbidden. */
async function usedRights(log: string): Promise<{ of(role: string): ReadonlySet<string>; readonly refused: readonly string[] }> {
  const used = new Map<string, Set<string>>(), refused: string[] = []
  const note = (role: string, right: Asked) => used.set(role, (used.get(role) ?? new Set()).add(said(right)))
  // Written a moment after the answer.
  await expect.poll(() => readFileSync(log, 'utf8').endsWith('\n')).toBe(true)
  for (const { verb, user, objectRef, responseStatus, requestObject, annotations } of readFileSync(log, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Audited)) {
    if (user.username !== 'system:serviceaccount:berth-system:berth' || !objectRef?.resource) continue
    const { resource, subresource, apiGroup: group = '', name } = objectRef, code = responseStatus?.code ?? 0
    const right = { verb, group, resource: subresource === undefined || subresource === 'status' ? resource : `${resource}/${subresource}` }
    const [, role] = / of (?:Cluster)?Role "([^"]+)"/.exec(annotations?.['authorization.k8s.io/reason'] ?? '') ?? []
    if (annotations?.['authorization.k8s.io/decision'] === 'forbid') refused.push(said(right))
    if (role === undefined) continue
    note(role, resource === 'clusterroles' ? { ...right, name: name! } : right)
    // Server-side apply of what is not there wants both verbs, and a binding the verb bind on its role.
    if (verb === 'patch' && code === 201) note(role, { ...right, verb: 'create' })
    // A web socket into a pod is asked for by "get", and wants the other verb too (1.35 and newer).
    if ((subresource === 'exec' || subresource === 'portforward') && code !== 403) note(role, { ...right, verb: 'create' })
    if (resource === 'rolebindings' && code === 201) note(role, { group, resource: 'clusterroles', verb: 'bind', name: requestObject!.roleRef!.name! })
  }
  return { of: (role) => used.get(role) ?? new Set(), refused }
}
