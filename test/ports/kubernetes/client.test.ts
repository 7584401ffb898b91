/** What the client library does without a word, on a real API server: each trap of it is one of these. */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, type Server, type Socket, connect as dial, createServer } from 'node:net'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { KubernetesObject, V1LimitRange, V1Namespace, V1NetworkPolicy, V1Service } from '@kubernetes/client-node'
import { type Client, connect } from '../../../activities/kubernetes/client.ts'
import { kindOf, reference } from '../../../activities/kubernetes/labels.ts'
import { lacks } from '../../kubernetes/lacks.ts'
import { sharedCluster } from '../../kubernetes/shared.ts'
import type { Use } from '../../kubernetes/use.ts'
import { asAccount, beside } from './berth.ts'
import { webhook } from './webhook.ts'

describe.skipIf(lacks('api'))('the client of a cluster', () => {
  let cluster: Use, client: Client, namespace: string
  const opened: Client[] = [], doors: Server[] = []
  beforeAll(async () => {
    cluster = await sharedCluster('api')
    client = connect(cluster)
    namespace = `traps-${randomBytes(4).toString('hex')}`
    await client.apply(space(namespace))
  })
  afterAll(async () => {
    await client.remove(reference('Namespace', namespace))
    await client.close()
  })
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close()
    for (const one of doors.splice(0)) one.close()
  })
  const open = (kubeconfig: string) => {
    const one = connect({ kubeconfig })
    opened.push(one)
    return one
  }
  const space = (name: string): V1Namespace & KubernetesObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { 'berth.instance': name } } })
  const failure = (doing: Promise<unknown>) => doing.then(() => { throw new Error('It did not fail.') }, (error: Error) => error)

  test('an address rule by its name in the API, which the library drops, is noticed: it would let everybody in', async () => {
    const wall = (ingress: object) => ({
      apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'wall', namespace }, spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [ingress] },
    }) as V1NetworkPolicy & KubernetesObject
    const from = [{ podSelector: {} }]
    expect((await failure(client.apply(wall({ from })))).message).toBe('The cluster did not keep spec.ingress[0].from of the NetworkPolicy wall.')
    expect((await client.apply(wall({ _from: from }))).spec!.ingress).toEqual([{ _from: from }])
  })

  test('a default by its name in the API, which the library drops, is noticed', async () => {
    const range = (limit: object) => ({
      apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'range', namespace }, spec: { limits: [{ type: 'Container', ...limit }] },
    }) as V1LimitRange & KubernetesObject
    expect((await failure(client.apply(range({ default: { cpu: '100m' } })))).message).toBe('The cluster did not keep spec.limits[0].default of the LimitRange range.')
    expect((await client.apply(range({ _default: { cpu: '1000m', memory: '1024Mi' } }))).spec!.limits[0]).toMatchObject({ _default: { cpu: '1', memory: '1Gi' } })
  })

  test('an answer that differs from what was sent is no success', async () => {
    const service = (name: string, port = 80): V1Service & KubernetesObject => ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { ports: [{ port, protocol: 'TCP' }] } })
    const end = await webhook(cluster, { instance: namespace, resources: ['services'], changes: [{ op: 'replace', path: '/spec/ports/0/port', value: 81 }] })
    await expect.poll(async () => (await client.apply(service('page')).catch((error: Error) => error.message))).toBe('The cluster did not keep spec.ports[0].port of the Service page.')
    await end()
    await expect.poll(async () => (await client.apply(service('other')).catch(() => undefined))?.spec?.ports?.[0]?.port).toBe(80)
  })

  test('what a refused call says is the server\'s sentence, not its body', async () => {
    const error = await failure(client.apply({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'none', namespace }, spec: { ports: [{ port: 70_000 }] } } as KubernetesObject))
    expect(error).toMatchObject({ name: 'ClusterSaid', code: 422, reason: 'Invalid' })
    expect(error.message).toMatch(/^Service "none" is invalid: \[spec\.ports\[0\]\.port: Invalid value: 70000/)
    expect(inspect(error, { depth: 9 })).not.toMatch(/HTTP-Code|Headers|audit-id|"kind":"Status"/i)
    expect(await client.read(reference('Service', 'absent', namespace))).toBeUndefined()
    expect(await client.remove(reference('Service', 'absent', namespace))).toBe(true)
  })

  test('two hundred calls use one connection, and twenty at once not many more', async () => {
    const through = await door(cluster, doors), one = open(through.kubeconfig)
    for (let i = 0; i < 200; i++) await one.read(reference('Namespace', namespace))
    expect(through.count()).toBe(1)
    await Promise.all(Array.from({ length: 20 }, () => one.list(kindOf('Service'), { namespace })))
    expect(through.count()).toBeLessThanOrEqual(20)
    await one.close()
    await expect.poll(() => through.open()).toBe(0)
  })

  test('a connection that breaks in the middle of an answer is the cluster\'s absence, and names no address', async () => {
    const through = await door(cluster, doors), one = open(through.kubeconfig)
    let lost = 0
    one.onLost(() => { lost++ })
    await one.list(kindOf('Namespace'), {})
    through.cutAfter(200)
    const error = await failure(one.list(kindOf('Namespace'), {}))
    expect(error.name).toBe('ClusterAway')
    expect(lost).toBe(1)
    expect(inspect(error, { depth: 9 })).not.toMatch(/127\.0\.0\.1|https:\/\//)
  })

  test('identities of the same name in two kubeconfigs do not mix', async () => {
    await client.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'other', namespace } } as KubernetesObject)
    const account = await asAccount(cluster, 'other', namespace), { users: [{ user }] } = JSON.parse(readFileSync(account, 'utf8')) as { users: [{ user: { token: string } }] }
    const plugin = beside(cluster), exec = (token: string) => ({ apiVersion: 'client.authentication.k8s.io/v1', command: 'printf', args: ['%s',
      JSON.stringify({ kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1', status: { token } })] })
    writeFileSync(plugin, JSON.stringify({ ...JSON.parse(readFileSync(account, 'utf8')) as object, users: [{ name: 'berth-test', user: { exec: exec(user.token) } }] }))
    const all = [[open(cluster.kubeconfig), 'admin'], [open(account), `system:serviceaccount:${namespace}:other`], [open(plugin), `system:serviceaccount:${namespace}:other`]] as const
    for (let round = 0; round < 5; round++) {
      expect(await Promise.all(all.map(([one]) => whoIs(one)))).toEqual(all.map(([, name]) => name))
    }
  })

  test('what is applied to a namespace on its way out comes back as such', async () => {
    const name = `leaving-${randomBytes(4).toString('hex')}`
    const hold = (finalizers: string[]): KubernetesObject => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'hold', namespace: name, finalizers } })
    await client.apply(space(name))
    await client.apply(hold(['example.org/hold']))
    await client.remove(reference('Namespace', name))
    expect((await client.apply(space(name))).metadata?.deletionTimestamp).toBeInstanceOf(Date)
    expect((await failure(client.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: name } } as KubernetesObject))).message).toMatch(/being terminated/)
    await client.apply(hold([]))
  })
})

const whoIs = async (client: Client): Promise<string | undefined> =>
  (await client.ask('say who asks', ({ authentication }) => authentication.createSelfSubjectReview({ body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' } })))
    .status?.userInfo?.username

/** The cluster behind a door that counts who comes in, and may shut in the middle of a sentence. */
async function door(cluster: Use, doors: Server[]) {
  const to = new URL(cluster.url), sockets = new Set<Socket>()
  let count = 0, left = Infinity
  const server = createServer((socket) => {
    count++
    sockets.add(socket)
    const other = dial(Number(to.port), to.hostname)
    socket.on('close', () => {
      sockets.delete(socket)
      other.destroy()
    }).on('error', () => other.destroy()).pipe(other)
    other.on('close', () => socket.destroy()).on('error', () => socket.destroy()).on('data', (part: Buffer) => {
      socket.write(part.subarray(0, left))
      left -= part.length
      if (left <= 0) socket.destroySoon()
    })
  })
  doors.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const kubeconfig = beside(cluster), { port } = server.address() as AddressInfo
  writeFileSync(kubeconfig, readFileSync(cluster.kubeconfig, 'utf8').replace(cluster.url, `https://127.0.0.1:${port}`), { mode: 0o600 })
  return { kubeconfig, count: () => count, open: () => sockets.size, cutAfter: (bytes: number) => { left = bytes } }
}
