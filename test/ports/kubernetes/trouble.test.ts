/** Trouble that comes while Berth lends on a cluster: what passes is waited out or retried, the rest is said in a sentence. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { KubernetesObject, V1Pod, V1Secret } from '@kubernetes/client-node'
import { accountMetadata, kindOf, leaseMetadata, objectName, reference } from '../../../activities/kubernetes/labels.ts'
import type { KubernetesRuntime } from '../../../activities/kubernetes/kubernetes.ts'
import type { Owned, StartOrder } from '../../../workflows/ports.ts'
import { type Cluster, startCluster } from '../../kubernetes/cluster.ts'
import { lacks } from '../../kubernetes/lacks.ts'
import { newKey, newOrder, signs } from '../runtime.suite.ts'
import { asBerth, beside } from './berth.ts'
import { host, type KubeLab, nodePort, openKubeLab } from './lab.ts'
import { webhook, type WebhookOptions } from './webhook.ts'

const web = { image: 'web', reference: 'web:1', ports: [80] }

describe.skipIf(lacks('kwok'))('on a cluster', { timeout: 60_000 }, () => {
  let cluster: Cluster, lab: KubeLab, runtime: KubernetesRuntime
  const made: StartOrder[] = [], ends: (() => Promise<unknown>)[] = []
  beforeAll(async () => {
    cluster = await startCluster({ mode: 'kwok' })
    lab = openKubeLab({ kubeconfig: cluster.kubeconfig, as: await asBerth(cluster), probe: 'pod', roomMs: 500, pullMs: 700 })
    runtime = lab.runtime
  })
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
    for (const order of made.splice(0)) await runtime.remove(order)
  })
  afterAll(async () => {
    await lab?.close()
    await cluster?.stop()
  })

  function order(over: Partial<StartOrder> = {}, env?: Record<string, string>): StartOrder {
    const one = newOrder(web, [nodePort()], over), it = env ? { ...one, spec: { ...one.spec, env } } : one
    made.push(it)
    return it
  }
  const failure = (doing: Promise<unknown>) => doing.then(() => { throw new Error('It did not fail.') }, (error: Error) => error)
  const start = (one: StartOrder, of = runtime) => of.start(one, signs())
  const listed = async (member: string): Promise<readonly Owned[]> => (await runtime.list()).filter((owned) => owned.member === member)
  const hook = async (options: Omit<WebhookOptions, 'instance'>) => {
    const end = await webhook(cluster, { instance: lab.marks.instance, ...options })
    ends.push(end)
    return async () => {
      ends.splice(ends.indexOf(end), 1)
      await end()
    }
  }
  const apply = (object: KubernetesObject & Readonly<Record<string, unknown>>) => lab.client.apply(object)
  const inside = (member: string, kind: string, name: string) => reference(kind, name, lab.namespaceOf(member))

  describe('an admission webhook', () => {
    test.each(['deployments', 'pods', 'services', 'resourcequotas'])('that refuses %s is heard in the refusal, and nothing is left', async (resource) => {
      await hook({ resources: [resource], refuses: 'images come from registry.example.org alone' })
      const one = order({ terms: { quota: { cpu: 2, memory: 2 ** 30, count: 2 } } })
      await expect.poll(async () => {
        const error = await failure(start(one))
        return [error.name, error.message]
      }, { timeout: 20_000 }).toEqual(['CannotRun', expect.stringMatching(/^The cluster does not admit it: admission webhook "gate\.example\.org" denied the request: images come from registry\.example\.org alone/)])
      expect(await runtime.look(one)).toEqual({ is: 'absent' })
      expect(await listed(one.member)).toEqual([])
    })

    test.each(['silent', 'dead'] as const)('that is %s is named in what is retried, and the retry goes on once it is away', async (is) => {
      const end = await hook({ resources: ['deployments'], is }), one = order()
      const error = await failure(start(one))
      expect(error).toMatchObject({ name: 'Error' })
      expect(error.message).toMatch(/^An admission webhook of the cluster does not answer, and an admin has to look at it: .*failed calling webhook "gate\.example\.org"/)
      expect(error.message).not.toMatch(/127\.0\.0\.1|https:/)
      await end()
      await expect.poll(() => start(one).then(({ is }) => is, ({ message }: Error) => message)).toBe('running')
    })
  })

  test('a policy of the cluster that refuses is heard in the refusal', async () => {
    const name = `no-${lab.marks.instance}`
    await apply({ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name }, spec: {
      matchConstraints: { namespaceSelector: { matchLabels: { 'berth.instance': lab.marks.instance } }, resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] }] },
      validations: [{ expression: 'false', message: 'no Deployments on Sundays' }],
    } })
    await apply({ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicyBinding', metadata: { name }, spec: { policyName: name, validationActions: ['Deny'] } })
    const said = () => expect.poll(async () => {
      const one = order()
      const it = await start(one).then(() => 'started', (error: Error) => `${error.name}: ${error.message}`)
      await runtime.remove(one)
      return it
    }, { timeout: 20_000 })
    await said().toMatch(/^CannotRun: The cluster does not admit it: .* denied request: no Deployments on Sundays/)
    await cluster.kubectl('delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', name)
    await said().toBe('started')
  })

  describe('a quota that others have set or used up', () => {
    test.each([['pods', { pods: '1' }], ['node ports', { 'services.nodeports': '1' }], ['memory', { 'limits.memory': '40Mi' }]])('%s: there is no room, and what runs goes on', async (_, hard) => {
      const one = order(), two = order({ member: one.member })
      const running = await start(one)
      await apply({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'theirs', namespace: lab.namespaceOf(one.member) }, spec: { hard } })
      // Until the quota has counted what is there, it admits nothing, and for another reason.
      await expect.poll(async () => (await lab.client.read<KubernetesObject & { status?: { used?: object } }>(inside(one.member, 'ResourceQuota', 'theirs')))?.status?.used).toBeDefined()
      const error = await failure(start(two))
      expect(error.name).toBe('NoRoom')
      expect(error.message).toMatch(/^the cluster's quota is used up: .*exceeded quota: theirs/)
      expect(await runtime.look(two)).toEqual({ is: 'absent' })
      expect(await runtime.look(one)).toEqual(running)
    })
  })

  describe('node ports', () => {
    test('outside of the range are told with the setting that mends it', async () => {
      const one = order({ hostPorts: [20_000] })
      expect((await failure(start(one))).message).toMatch(/^The cluster gives out no such node port; host\.ports has to lie within its range \(.*30000-32767\)\.$/)
    })
    test('that something else holds are told, and free again are taken', async () => {
      const one = order(), release = await lab.occupy(one.hostPorts[0]!)
      expect(await failure(start(one))).toMatchObject({ name: 'PortTaken', ports: one.hostPorts })
      await release()
      expect((await start(one)).is).toBe('running')
    })
  })

  describe('an account\'s former namespace', () => {
    test('is waited out, and nothing is made in it meanwhile', async () => {
      const one = order(), two = order({ member: one.member }), name = lab.namespaceOf(one.member)
      await start(one)
      const { uid } = (await lab.client.read(reference('Namespace', name)))!.metadata!
      await hold(['example.org/hold'])
      await lab.client.remove(reference('Namespace', name))
      const said: string[] = [], starting = runtime.start(two, { heartbeat: (word) => said.push(word), signal: new AbortController().signal })
      await expect.poll(() => said).toContain('waits until the account\'s former namespace is gone')
      expect((await lab.client.list(kindOf('Deployment'), { namespace: name })).map(({ metadata }) => metadata!.name)).not.toContain(objectName(two))
      await hold([])
      expect((await starting).is).toBe('running')
      expect((await lab.client.read(reference('Namespace', name)))!.metadata!.uid).not.toBe(uid)
      // And what it is to hold is there anew, though this worker made it once before.
      for (const [kind, name] of [['ServiceAccount', 'lease'], ['LimitRange', 'account'], ['NetworkPolicy', 'account']] as const) {
        expect(await lab.client.read({ ...inside(one.member, kind, name), ...(kind === 'NetworkPolicy' && { apiVersion: 'networking.k8s.io/v1' }) }), kind).toBeDefined()
      }

      async function hold(finalizers: string[]): Promise<void> {
        await apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'held', namespace: name, finalizers } })
      }
    })

    test('that something holds is told with what holds it', async () => {
      const one = order(), name = lab.namespaceOf(one.member), hasty = lab.open({ leaveMs: 1_000, probe: 'pod' })
      await start(one)
      const held = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'held', namespace: name } }
      await apply({ ...held, metadata: { ...held.metadata, finalizers: ['example.org/hold'] } })
      ends.push(() => apply({ ...held, metadata: { ...held.metadata, finalizers: [] } }))
      await lab.client.remove(reference('Namespace', name))
      await expect.poll(async () => (await failure(hasty.start(one, signs()))).message, { timeout: 30_000, interval: 100 })
        .toMatch(new RegExp(`^The account's former namespace ${name} does not go, and an admin has to look what holds it: .*example\\.org/hold`))
    })
  })

  describe('something that is not ours under our name', () => {
    const theirs = { labels: { app: 'theirs' } }
    test('a namespace: it stays, and so does all that is in it', async () => {
      const one = order(), name = lab.namespaceOf(one.member)
      await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, ...theirs } })
      await apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'precious', namespace: name } })
      expect((await failure(start(one))).message).toBe(`The namespace ${name} is not Berth's on this host: an admin has to remove it, or to give this host a name of its own.`)
      await runtime.remove(one)
      expect((await lab.client.read(reference('Namespace', name)))?.metadata).toMatchObject(theirs)
      expect((await lab.client.read(reference('Namespace', name)))?.metadata?.deletionTimestamp).toBeUndefined()
      await lab.client.remove(reference('Namespace', name))
    })

    test.each(['Deployment', 'Service', 'Secret', 'Ingress'])('a %s: it stays as it is', async (kind) => {
      const first = order(), one = order({ member: first.member, terms: { hostname: 'a.example.org', ingressClass: 'x' } }, { A: '1' })
      await start(first)
      const at = inside(one.member, kind, objectName(one)), pod = { metadata: theirs, spec: { containers: [{ name: 'a', image: 'a', resources: { limits: { cpu: '1m', memory: '8Mi' } } }] } }
      const spec = { Deployment: { replicas: 0, selector: { matchLabels: theirs.labels }, template: pod }, Service: { ports: [{ port: 99, protocol: 'TCP' }] }, Secret: undefined,
        Ingress: { rules: [{ host: 'theirs.example.org' }] } }[kind]
      const before = await apply({ ...at, metadata: { ...at.metadata, ...theirs }, ...(spec && { spec }) })
      expect((await failure(start(one))).message).toBe(`The ${kind} ${objectName(one)} in namespace ${lab.namespaceOf(one.member)} is not Berth's: an admin has to remove it.`)
      await runtime.remove(one)
      expect((await lab.client.read(at))?.metadata).toMatchObject({ uid: before.metadata!.uid, ...theirs })
      await runtime.remove(first)
      // Others use the namespace now: it is left to them. A Secret alone may be there because the cluster puts one into each.
      const { deletionTimestamp } = (await lab.client.read(reference('Namespace', lab.namespaceOf(one.member))))!.metadata!
      expect(deletionTimestamp !== undefined).toBe(kind === 'Secret')
      await lab.client.remove(at)
    })
  })

  describe('registry credentials', () => {
    /** Pods come to a node whose kubelet is this test. */
    async function hand(): Promise<void> {
      await cluster.kubectl('cordon', 'node1')
      ends.push(() => cluster.kubectl('uncordon', 'node1'))
      const file = beside(cluster)
      writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'hand' } }))
      await cluster.kubectl('apply', '-f', file)
      ends.push(() => cluster.kubectl('delete', 'node', 'hand'))
      const capacity = { cpu: '8', memory: '8Gi', pods: '20' }
      await cluster.kubectl('patch', 'node', 'hand', '--subresource=status', '-p', JSON.stringify({ status: { capacity, allocatable: capacity, conditions: [{ type: 'Ready', status: 'True' }] } }))
      await expect.poll(async () => (await cluster.kubectl('get', 'node', 'hand', '-o', 'jsonpath={.spec.taints}'))).toBe('')
    }
    const pullSecret = JSON.stringify({ auths: { 'registry.example.org': { auth: Buffer.from('berth:pw').toString('base64') } } })

    /** As the kubelet writes it, as soon as the pod is there. */
    async function waits(one: StartOrder, reason: string, message: string): Promise<V1Pod> {
      await expect.poll(async () => (await lab.podOf(one))?.spec?.nodeName, { timeout: 10_000 }).toBe('hand')
      const pod = (await lab.podOf(one))!, { name, namespace } = pod.metadata!
      const status = { phase: 'Pending', containerStatuses: [{ name: 'lease', image: 'registry.example.org/web:1', imageID: '', ready: false, restartCount: 0, state: { waiting: { reason, message } } }] }
      await cluster.kubectl('patch', 'pod', name!, '-n', namespace!, '--subresource=status', '-p', JSON.stringify({ status }))
      return pod
    }

    test('that are missing or wrong are told with the registry\'s words; those that somebody took away come back', async () => {
      await hand()
      const of = lab.open({ pullSecret, probe: 'pod' }), one = order(), secret = inside(one.member, 'Secret', 'pull')
      const missing = failure(start(one, of))
      const pod = await waits(one, 'ErrImagePull', 'failed to pull and unpack image: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed')
      expect(pod.spec).toMatchObject({ imagePullSecrets: [{ name: 'pull' }] })
      expect(Buffer.from((await lab.client.read<V1Secret>(secret))!.data!['.dockerconfigjson']!, 'base64').toString()).toBe(pullSecret)
      expect(await missing).toMatchObject({ name: 'CannotRun', why: 'unknownImage', message: expect.stringMatching(/^There is no image .* to be had: .*pull access denied/) as string })

      const two = order({ member: one.member }), wrong = failure(start(two, of))
      await waits(two, 'ImagePullBackOff', 'failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://registry.example.org/token: 401 Unauthorized')
      expect((await wrong).message).toMatch(/^The image web:1 could not be pulled: failed to authorize: .* … 401 Unauthorized$/)
      await lab.client.remove(inside(two.member, 'Secret', 'pull'))
      const again = failure(start(two, of))
      await waits(two, 'ErrImagePull', 'pull access denied')
      await again
      expect(await lab.client.read(inside(two.member, 'Secret', 'pull'))).toBeDefined()
    })
  })

  describe('rights that are taken away', () => {
    const taken = async (member: string) => await lab.client.remove(inside(member, 'RoleBinding', 'berth'))

    test('inside of a namespace are given again by whatever needs them', async () => {
      const one = order({}, { A: '1' }), two = order({ member: one.member })
      await start(one)
      await taken(one.member)
      await runtime.pause(one)
      await taken(one.member)
      expect((await runtime.resume(one, signs())).is).toBe('running')
      await taken(one.member)
      expect((await start(two)).is).toBe('running')
      await taken(one.member)
      await lab.client.apply(leftSecret(one.member))
      expect((await listed(one.member)).map(({ what }) => what).sort()).toEqual(['container', 'container', 'network', 'object'])
      for (const it of [one, two]) {
        await taken(one.member)
        await runtime.remove(it)
        expect(await runtime.look(it)).toEqual({ is: 'absent' })
      }
    })

    test('in the whole cluster are named, and all goes on once they are back', async () => {
      const one = order()
      await start(one)
      await cluster.kubectl('delete', 'clusterrolebinding', 'berth')
      await expect.poll(() => runtime.eyes.glimpse().then(() => '', (error: Error) => error.message))
        .toMatch(/^Berth may not list (deployments of apps|pods) in the whole cluster: an admin has to apply its worker\/kubernetes-role\.yaml again\.$/)
      expect((await failure(runtime.remove(one))).message).toMatch(/^Berth may not .*: an admin has to apply/)
      await asBerth(cluster)
      await expect.poll(() => runtime.eyes.glimpse().then((all) => all.length, () => 0)).toBe(1)
    })

    test('of the role itself are named where they were wanted', async () => {
      const one = order()
      await cluster.kubectl('patch', 'clusterrole', 'berth-inside', '--type=merge', '-p', '{"rules":[]}')
      ends.push(() => asBerth(cluster))
      await expect.poll(async () => (await failure(start(one))).message, { timeout: 20_000 })
        .toMatch(new RegExp(`^Berth may not (patch|create) \\w+ .*in namespace ${lab.namespaceOf(one.member)}: an admin has to apply`))
    })

    function leftSecret(member: string): KubernetesObject {
      return { apiVersion: 'v1', kind: 'Secret', metadata: leaseMetadata({ marks: lab.marks, host }, 'Secret', { ...newOrder(web, []), key: newKey(), member }) }
    }
  })

  test('of two leases that came together the one that goes last takes the namespace with it, whichever it is', async () => {
    for (const turn of [0, 1]) {
      const one = order(), two = order({ member: one.member }), [first, last] = turn === 0 ? [one, two] as const : [two, one] as const
      await start(one)
      await start(two)
      await runtime.remove(first)
      expect((await lab.client.read(reference('Namespace', lab.namespaceOf(one.member))))?.metadata?.deletionTimestamp).toBeUndefined()
      await runtime.remove(last)
      expect(await listed(one.member)).toEqual([])
    }
  })

  test('Secrets of many accounts are looked through by turns, and all of them in the end', async () => {
    const owner = { marks: lab.marks, host }, members = Array.from({ length: 12 }, () => `m-${randomBytes(4).toString('hex')}`)
    for (const member of members) {
      await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: accountMetadata(owner, 'Namespace', { member }) })
      await lab.client.apply({ apiVersion: 'v1', kind: 'Secret', metadata: leaseMetadata(owner, 'Secret', { ...newOrder(web, []), member }) } as KubernetesObject)
    }
    const seen: string[][] = []
    for (let i = 0; i < 3; i++) seen.push((await runtime.list()).filter(({ object }) => object.includes('/Secret/')).map(({ member }) => member))
    for (const some of seen) expect(some.length).toBeLessThanOrEqual(5)
    expect([...new Set(seen.flat())].sort()).toEqual([...members].sort())
    for (const owned of (await runtime.list()).filter(({ what, member }) => what === 'network' && members.includes(member))) await runtime.removeOwned(owned)
    await expect.poll(async () => (await runtime.list()).filter(({ member }) => members.includes(member)), { timeout: 20_000 }).toEqual([])
  })
})
