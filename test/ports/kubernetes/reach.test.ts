/** `Reach` on a real node: what a member's kubeconfig can do, what it cannot, and how fast all of it ends. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { V1Deployment, V1Pod, V1ServiceAccount } from '@kubernetes/client-node'
import { instanceSelector, kindOf, reference } from '../../../activities/kubernetes/labels.ts'
import { kubeconfig } from '../../../client/kubeconfig.ts'
import type { StartOrder } from '../../../workflows/ports.ts'
import { lacks } from '../../kubernetes/lacks.ts'
import { sharedCluster } from '../../kubernetes/shared.ts'
import type { Use } from '../../kubernetes/use.ts'
import { shell, web } from '../docker/lab.ts'
import { newOrder, signs } from '../runtime.suite.ts'
import { asBerth } from './berth.ts'
import { type Hands, handsOf } from './hands.ts'
import { type KubeLab, nodePort, openKubeLab } from './lab.ts'

describe.skipIf(lacks('node'))('reach into a cluster', { timeout: 60_000 }, () => {
  let cluster: Use, lab: KubeLab
  const dir = mkdtempSync(join(tmpdir(), 'berth-reach-'))
  const opened: Hands[] = [], made: StartOrder[] = []
  beforeAll(async () => {
    cluster = await sharedCluster('node')
    // With no more rights than Berth needs.
    lab = openKubeLab({ kubeconfig: cluster.kubeconfig, as: await asBerth(cluster) })
  })
  afterEach(async () => {
    for (const hands of opened.splice(0)) hands.close()
    for (const order of made.splice(0)) await lab.runtime.remove(order)
  })
  afterAll(async () => {
    await lab?.close()
    rmSync(dir, { recursive: true })
  })

  async function lend(program: Parameters<typeof newOrder>[0] = web, over: Partial<StartOrder> = {}): Promise<StartOrder> {
    const order = newOrder(program, program.ports.map(() => nodePort()), over)
    made.push(order)
    await lab.runtime.start(order, signs())
    return order
  }
  const newId = () => randomBytes(6).toString('hex')
  const accessOf = (member: string, id = newId(), forMs = 3_600_000) => lab.runtime.reach.grant({ member, id, forMs })
  async function handsFor({ member }: StartOrder): Promise<Hands> {
    const file = join(dir, `${newId()}.yaml`)
    writeFileSync(file, kubeconfig(await accessOf(member), 'campus'), { mode: 0o600 })
    const hands = handsOf(file, cluster.kube)
    opened.push(hands)
    return hands
  }
  const podOf = async (order: StartOrder) => (await lab.podOf(order))!.metadata!.name!
  const inside = (member: string) => ({ namespace: lab.namespaceOf(member), labels: instanceSelector(lab) })
  const named = async (member: string, kind: 'ServiceAccount' | 'RoleBinding', begin = 'reach') =>
    (await lab.client.list(kindOf(kind), inside(member))).map(({ metadata }) => metadata!.name!).filter((name) => name.startsWith(begin))

  test('kubectl gets, lists, watches, reads logs, runs commands, copies and forwards ports in the own namespace', async () => {
    const order = await lend(shell('echo hello from the log; httpd -f -p 80 -h /www', [80])), hands = await handsFor(order), pod = await podOf(order)
    expect(await hands.kubectl('get', 'pods', '-o', 'name')).toBe(`pod/${pod}\n`)
    expect(await hands.kubectl('get', 'deployments,replicasets,services,resourcequotas,events', '-o', 'name')).toContain('deployment.apps/lease-')
    expect(await hands.kubectl('get', 'pod', pod, '-o', 'jsonpath={.status.phase}')).toBe('Running')
    await hands.kubectl('get', 'ingresses')
    expect(await hands.kubectl('wait', `pod/${pod}`, '--for=condition=Ready', '--timeout=5s')).toContain('condition met')
    expect(await hands.kubectl('logs', pod)).toBe('hello from the log\n')
    expect(await hands.kubectl('exec', pod, '--', 'cat', '/www/index.html')).toContain('Hello from Berth')
    await hands.kubectl('cp', join(import.meta.dirname, 'hands.ts'), `${pod}:/tmp/copied`)
    await hands.kubectl('cp', `${pod}:/tmp/copied`, join(dir, 'copied'))
    expect(readFileSync(join(dir, 'copied'), 'utf8')).toBe(readFileSync(join(import.meta.dirname, 'hands.ts'), 'utf8'))
    const { local } = await hands.forward(`pod/${pod}`, 80)
    expect(await (await fetch(`http://127.0.0.1:${local}/`)).text()).toContain('Hello from Berth')
  })

  test('nothing of another member is reached, by any verb', async () => {
    const mine = await lend(), theirs = await lend(), hands = await handsFor(mine)
    const there = `/api/v1/namespaces/${lab.namespaceOf(theirs.member)}`, pod = `${there}/pods/${await podOf(theirs)}`
    const apps = there.replace('/api/v1', '/apis/apps/v1')
    const asks: [string, string, object?][] = [
      ['GET', there], ...['pods', 'services', 'events', 'resourcequotas', 'secrets', 'serviceaccounts'].map((kind) => ['GET', `${there}/${kind}`] as [string, string]),
      ['GET', `${there}/pods?watch=true`], ['GET', pod], ['GET', `${pod}/log`], ['GET', `${pod}/exec?command=id&stdout=true`], ['POST', `${pod}/exec?command=id&stdout=true`],
      ['GET', `${pod}/portforward?ports=80`], ['POST', `${pod}/portforward`], ['POST', `${pod}/attach?stdout=true`], ['GET', `${pod}/proxy/`],
      ['DELETE', pod], ['PATCH', pod, {}], ['POST', `${pod}/eviction`, {}], ['DELETE', `${there}/pods`],
      ['GET', `${apps}/deployments`], ['GET', `${apps}/replicasets`], ['GET', `${apps}/deployments?watch=true`],
      ['GET', `${there.replace('/api/v1', '/apis/networking.k8s.io/v1')}/ingresses`],
    ]
    for (const [method, path, body] of asks) expect([method, path, await hands.ask(method, path, body)]).toEqual([method, path, 403])
  })

  test('secrets, whatever makes or changes something, whatever widens rights, and all of the cluster are refused', async () => {
    const order = await lend(), hands = await handsFor(order), namespace = lab.namespaceOf(order.member), [me] = await named(order.member, 'ServiceAccount', 'reach-')
    const here = `/api/v1/namespaces/${namespace}`, pod = `${here}/pods/${await podOf(order)}`, apps = `/apis/apps/v1/namespaces/${namespace}`
    const rbac = '/apis/rbac.authorization.k8s.io/v1', mine = `${rbac}/namespaces/${namespace}`
    const binding = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name: 'more' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' }, subjects: [{ kind: 'ServiceAccount', name: me, namespace }] }
    const [deployment] = await lab.client.list<V1Deployment>(kindOf('Deployment'), inside(order.member)), name = deployment!.metadata!.name!
    const asks: [string, string, object?][] = [
      ['GET', `${here}/secrets`], ['GET', `${here}/secrets?watch=true`], ['GET', `${here}/secrets/${name}`], ['POST', `${here}/secrets`, { metadata: { name: 'x' } }],
      ['GET', `${here}/configmaps`], ['GET', `${here}/serviceaccounts`], ['GET', here],
      ['POST', `${here}/serviceaccounts`, { metadata: { name: 'x' } }], ['POST', `${here}/serviceaccounts/lease/token`, { spec: {} }], ['POST', `${here}/serviceaccounts/${me}/token`, { spec: {} }],
      ['POST', `${mine}/rolebindings`, binding], ['PATCH', `${mine}/rolebindings/${me}`, { roleRef: binding.roleRef }], ['GET', `${mine}/rolebindings`],
      ['POST', `${mine}/roles`, { metadata: { name: 'x' }, rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] }],
      ['POST', `${rbac}/clusterrolebindings`, { ...binding, kind: 'ClusterRoleBinding' }], ['PATCH', `${rbac}/clusterroles/berth-member`, {}],
      ['POST', `${here}/pods`, { metadata: { name: 'x' }, spec: { containers: [{ name: 'it', image: 'x' }] } }], ['DELETE', pod], ['DELETE', `${here}/pods`], ['PATCH', pod, {}],
      ['PATCH', `${pod}/ephemeralcontainers`, {}], ['PATCH', `${pod}/resize`, {}], ['POST', `${pod}/attach?stdout=true`], ['GET', `${pod}/proxy/`], ['POST', `${pod}/eviction`, {}], ['POST', `${pod}/binding`, {}],
      ['PATCH', `${apps}/deployments/${name}`, {}], ['PATCH', `${apps}/deployments/${name}/scale`, {}], ['DELETE', `${apps}/deployments/${name}`], ['POST', `${apps}/deployments`, {}],
      ['PATCH', `${here}/services/${name}`, {}], ['POST', `${here}/services`, {}], ['GET', `${here}/services/${name}/proxy/`],
      ['PATCH', `${here}/resourcequotas/account`, { spec: { hard: null } }], ['DELETE', `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies/account`],
      ['PATCH', here, { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } }], ['DELETE', here],
      ['GET', '/api/v1/pods'], ['GET', '/api/v1/namespaces'], ['GET', '/api/v1/nodes'], ['GET', '/api/v1/secrets'], ['GET', '/apis/apps/v1/deployments'], ['GET', `${rbac}/clusterroles`],
      ['POST', '/api/v1/namespaces', { metadata: { name: 'x' } }], ['POST', '/apis/authentication.k8s.io/v1/tokenreviews', {}], ['GET', '/api/v1/nodes/node1/proxy/pods'],
      ['GET', '/metrics'], ['POST', '/apis/certificates.k8s.io/v1/certificatesigningrequests', {}],
    ]
    for (const [method, path, body] of asks) expect([method, path, await hands.ask(method, path, body)]).toEqual([method, path, 403])
  })

  test('in the name of others nothing is asked', async () => {
    const hands = await handsFor(await lend())
    await expect(hands.kubectl('get', 'pods', '--as', 'system:admin')).rejects.toThrow(/Forbidden/)
    await expect(hands.kubectl('get', 'secrets', '--as-group', 'system:masters', '--as', 'x')).rejects.toThrow(/Forbidden/)
  })

  describe('ends within 2 s: the token that is used all the time, the command and the connection that were left open', () => {
    async function stage(program: Parameters<typeof newOrder>[0] = web) {
      const order = await lend(program), hands = await handsFor(order), pod = await podOf(order)
      const exec = await hands.exec(pod), forward = await hands.forward(`pod/${pod}`, 80)
      const refused = hands.untilRefused(`/api/v1/namespaces/${lab.namespaceOf(order.member)}/pods`), silent = forward.untilSilent()
      return { order, hands, pod, forward, async ended(began: number) {
        const [token, command, page] = await Promise.all([refused, exec.closed, silent])
        // containerd closes what it has forwarded a second after its other end.
        await forward.closed
        return { token: token - began, exec: command - began, forward: page - began }
      } }
    }
    const inTime = { token: expect.toSatisfy((ms: number) => ms < 2000), exec: expect.toSatisfy((ms: number) => ms < 2000), forward: expect.toSatisfy((ms: number) => ms < 2000) }

    const stubborn = shell('trap "" TERM; httpd -f -p 80 -h /www & while true; do sleep 1; done', [80])
    test.each([['', web], [', though its program heeds no SIGTERM', stubborn]])('when it is revoked%s; the lease goes on in another pod, and nothing is left to be tried', async (_how, program) => {
      const { order, hands, pod, forward, ended } = await stage(program), began = performance.now()
      expect(await lab.runtime.reach.revoke(order.member)).toEqual({ grants: 1, restarted: 1 })
      expect(await ended(began)).toEqual(inTime)
      await expect(hands.kubectl('get', 'pods')).rejects.toThrow()
      await expect(fetch(`http://127.0.0.1:${forward.local}/`)).rejects.toThrow()
      await expect.poll(async () => (await lab.runtime.look(order)).is, { timeout: 20_000 }).toBe('running')
      await expect.poll(async () => await podOf(order), { timeout: 10_000 }).not.toBe(pod)
      expect([...await named(order.member, 'ServiceAccount'), ...await named(order.member, 'RoleBinding')]).toEqual([])
      expect(await lab.runtime.reach.revoke(order.member)).toEqual({ grants: 0, restarted: 0 })
    })

    test('when the account\'s last lease is taken back', async () => {
      const { order, ended } = await stage(), began = performance.now()
      await lab.runtime.remove(order)
      expect(await ended(began)).toEqual(inTime)
    })

    test('when the account\'s last two leases are taken back together', async () => {
      const { order, ended } = await stage(), other = await lend(web, { member: order.member }), began = performance.now()
      await Promise.all([lab.runtime.remove(order), lab.runtime.remove(other)])
      expect(await ended(began)).toEqual(inTime)
    })
  })

  test('it goes on while the account has another lease here, and what was open to the one that went is closed', async () => {
    const order = await lend(), other = await lend(web, { member: order.member }), hands = await handsFor(order), exec = await hands.exec(await podOf(order))
    await lab.runtime.remove(order)
    await exec.closed
    expect(await hands.kubectl('get', 'pods', '-o', 'name')).toContain(await podOf(other))
  })

  test('a revocation that was cut off is taken up where it was: what was open is closed, though no grant is left', async () => {
    const order = await lend(), hands = await handsFor(order), exec = await hands.exec(await podOf(order)), namespace = lab.namespaceOf(order.member)
    for (const kind of ['RoleBinding', 'ServiceAccount'] as const) {
      for (const name of await named(order.member, kind, 'reach-')) await lab.client.remove(reference(kind, name, namespace))
    }
    expect(await lab.runtime.reach.revoke(order.member)).toEqual({ grants: 0, restarted: 1 })
    await exec.closed
    expect(await named(order.member, 'ServiceAccount')).toEqual([])
  })

  test('of two that revoke at once on one host, one does the work', async () => {
    const order = await lend()
    await accessOf(order.member)
    const all = await Promise.all([lab.runtime.reach.revoke(order.member), lab.runtime.reach.revoke(order.member)])
    expect(all).toEqual([{ grants: 1, restarted: 1 }, { grants: 0, restarted: 0 }])
  })

  test('two workers that revoke at once, and grants in the same moment, leave none that was there before', async () => {
    const order = await lend(), twin = lab.open()
    await accessOf(order.member, 'before')
    await Promise.all([lab.runtime.reach.revoke(order.member), twin.reach.revoke(order.member), twin.reach.grant({ member: order.member, id: 'meanwhile', forMs: 1 })])
    expect(await named(order.member, 'RoleBinding')).not.toContain('reach-before')
    await lab.runtime.reach.revoke(order.member)
    expect(await named(order.member, 'RoleBinding')).toEqual([])
  })

  test('the same id is one grant, and another token', async () => {
    const order = await lend(), first = await accessOf(order.member, 'same'), second = await accessOf(order.member, 'same')
    expect(second.token).not.toBe(first.token)
    expect(await named(order.member, 'ServiceAccount', 'reach-')).toEqual(['reach-same'])
  })

  test('a token lives as long as was asked for, and ten minutes at least', async () => {
    const { member } = await lend(), now = Date.now()
    for (const [forMs, least] of [[1, 600_000], [3_600_000, 3_600_000]] as const) {
      expect(Math.abs((await accessOf(member, newId(), forMs)).until - now - least)).toBeLessThan(30_000)
    }
  })

  test('the twenty-first kubeconfig takes the place of the oldest', async () => {
    const order = await lend(), first = await handsFor(order), second = () => Math.floor(Date.now() / 1000), since = second()
    // The API counts in seconds.
    await expect.poll(second).toBeGreaterThan(since)
    for (let n = 0; n < 20; n++) await accessOf(order.member)
    expect(await named(order.member, 'ServiceAccount', 'reach-')).toHaveLength(20)
    await expect(first.kubectl('get', 'pods')).rejects.toThrow()
  })

  test('only what bears our mark is a grant: anything else under such a name stays', async () => {
    const order = await lend(), namespace = lab.namespaceOf(order.member)
    const { labels, annotations } = (await lab.client.list<V1ServiceAccount>(kindOf('ServiceAccount'), inside(order.member)))[0]!.metadata!
    await lab.client.apply<V1ServiceAccount>({ ...kindOf('ServiceAccount'), metadata: { name: 'reach-forged', namespace, labels: labels!, annotations: annotations! } })
    expect(await lab.runtime.reach.revoke(order.member)).toEqual({ grants: 0, restarted: 0 })
    expect(await named(order.member, 'ServiceAccount')).toEqual(['reach-forged'])
  })

  test('what an account has granted keeps its pods free of tokens', async () => {
    const order = await lend(), hands = await handsFor(order), pod = await podOf(order)
    expect((await lab.client.read<V1Pod>(reference('Pod', pod, lab.namespaceOf(order.member))))!.spec!.automountServiceAccountToken).toBe(false)
    await expect(hands.kubectl('exec', pod, '--', 'ls', '/var/run/secrets/kubernetes.io')).rejects.toThrow(/No such file/)
  })
})
