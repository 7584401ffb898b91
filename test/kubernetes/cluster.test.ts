import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, inject, test } from 'vitest'
import { webImage } from '../../worker/embedded/image.ts'
import { mountsBelow } from '../../worker/embedded/dockerd/leftovers.ts'
import { folder, processesWith, until } from '../embedded/folder.ts'
import { askBroker } from './broker.ts'
import { startCluster, type Cluster, type ClusterOptions } from './cluster.ts'
import { lacks } from './lacks.ts'
import { givenCluster, sharedCluster } from './shared.ts'
import type { Mode, Use } from './use.ts'

const cleanUps: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => { for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp() })

async function started(options: ClusterOptions): Promise<Cluster> {
  const it = await startCluster(options)
  cleanUps.push(() => it.stop())
  return it
}

/** Applies objects by the real kubectl, which reads JSON. */
async function apply(it: Use, ...objects: object[]): Promise<void> {
  const { dir, remove } = await folder()
  cleanUps.push(remove)
  await writeFile(join(dir, 'objects.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
  await it.kubectl('apply', '-f', join(dir, 'objects.json'))
}

const deployment = (name: string, { gpu, node }: { gpu?: string; node?: string } = {}) => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name },
  spec: {
    replicas: 1, selector: { matchLabels: { app: name } }, template: {
      metadata: { labels: { app: name } },
      spec: {
        ...(node && { nodeSelector: { 'kubernetes.io/hostname': node } }),
        containers: [{ name: 'it', image: webImage, imagePullPolicy: 'IfNotPresent', ...(gpu && { resources: { limits: { [gpu]: '1' } } }) }],
      },
    },
  },
})

const service = (name: string) => ({
  apiVersion: 'v1', kind: 'Service', metadata: { name },
  spec: { type: 'NodePort', selector: { app: name }, ports: [{ port: 80 }] },
})

const readyReplicas = (it: Use, name: string) => it.kubectl('get', 'deployment', name, '-o', 'jsonpath={.status.readyReplicas}')

const untilReady = (it: Use, name: string) => it.kubectl('wait', '--for=condition=Available', `deployment/${name}`, '--timeout=60s')

/** What a cluster has left on this machine. */
function leftOf({ kubeconfig }: Pick<Use, 'kubeconfig'>): unknown[] {
  const dir = dirname(kubeconfig), id = dir.slice(-6)
  const routes = readFileSync('/proc/net/route', 'utf8').split('\n').filter((line) => line.startsWith(`berth${id}`))
  const cgroups = ['', ...readdirSync('/sys/fs/cgroup')].map((controller) => join('/sys/fs/cgroup', controller, `berth-${id}`))
  return [...processesWith(dir), ...mountsBelow(dir), ...routes, ...[dir, `/sys/class/net/berth${id}`, ...cgroups].filter((path) => existsSync(path))]
}

/** What kubelet, kube-proxy and the network plugins would write into this machine's firewall. */
const firewall = () => ['iptables-save', 'ip6tables-save'].flatMap((save) => (
  execFileSync(save, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n').filter((line) => /KUBE|CNI/.test(line))))

/** A process that owns a cluster, and what it says of it. */
async function owned(mode: Mode): Promise<{ owner: ChildProcess; kubeconfig: string }> {
  const owner = spawn(process.execPath, ['--input-type=module', '-e', `
    import { startCluster } from '${new URL('cluster.ts', import.meta.url).href}'
    console.log((await startCluster({ mode: '${mode}' })).kubeconfig)
    setInterval(() => {}, 1000)`], { stdio: ['ignore', 'pipe', 'inherit'] })
  cleanUps.push(() => owner.kill('SIGKILL'))
  return { owner, kubeconfig: await new Promise<string>((done) => owner.stdout.once('data', (chunk) => done(String(chunk).trim()))) }
}

/** Kills what was to clean up after it. */
function killWatchdogs(owner: ChildProcess): void {
  const children = execFileSync('ps', ['--ppid', String(owner.pid), '-o', 'pid=,args='], { encoding: 'utf8' }).split('\n')
  for (const child of children) if (child.includes('berth-watchdog')) process.kill(Number.parseInt(child), 'SIGKILL')
}

describe.skipIf(lacks('api'))('the API alone', () => {
  test('answers as Kubernetes 1.36.3, makes pods, and places none', async () => {
    const it = await started({ mode: 'api' })
    expect(await it.kubectl('version')).toContain('Server Version: v1.36.3')
    await apply(it, deployment('web'))
    await until('a pod is there', async () => await it.kubectl('get', 'pods', '-o', 'jsonpath={.items[*].status.phase}') === 'Pending')
  })

  test('killed and started again, the API is at its old address with what it knew, and controllers go on', async () => {
    const it = await started({ mode: 'api' })
    await apply(it, deployment('before'))
    await it.api.kill()
    await expect(it.kubectl('get', 'namespaces')).rejects.toThrow(/refused/)
    await it.api.start()
    expect(await it.kubectl('get', 'deployments', '-o', 'name')).toContain('before')
    await apply(it, deployment('after'))
    await until('a pod of the second is there', async () => (await it.kubectl('get', 'pods', '-l', 'app=after', '-o', 'name')).includes('pod/'))
  })

  test('several live side by side, and each leaves nothing when it is stopped', async () => {
    const [one, other] = await Promise.all([started({ mode: 'api' }), started({ mode: 'api' })])
    expect(one.url).not.toBe(other.url)
    expect(leftOf(one)).not.toEqual([])
    await one.stop()
    expect(leftOf(one)).toEqual([])
    expect(await other.kubectl('get', '--raw', '/readyz')).toBe('ok')
    await other.stop()
    expect(leftOf(other)).toEqual([])
  })
})

describe.skipIf(lacks('kwok'))('nodes that only seem to be', () => {
  test('a Deployment becomes ready on the node that is there, and one that wants a GPU on a node that offers one', async () => {
    const it = await sharedCluster('kwok')
    await apply(it, deployment('plain'), deployment('graphic', { gpu: 'example.com/gpu' }))
    await untilReady(it, 'plain')
    expect(await readyReplicas(it, 'graphic')).toBe('')
    await it.fakeNode('with-gpu', { cpu: '4', memory: '8Gi', gpu: { name: 'example.com/gpu', count: 1 } })
    await untilReady(it, 'graphic')
    expect(await it.kubectl('get', 'pods', '-l', 'app=graphic', '-o', 'jsonpath={.items[0].spec.nodeName}')).toBe('with-gpu')
    await it.kubectl('delete', 'deployment', 'plain', 'graphic')
    await it.removeNode('with-gpu')
    expect(await it.kubectl('get', 'nodes', '-o', 'name')).not.toContain('with-gpu')
  })

  test('a node that falls silent stays so', async () => {
    const it = await sharedCluster('kwok')
    await it.fakeNode('silent')
    cleanUps.push(() => it.removeNode('silent'))
    await it.loseNode('silent')
    await until('its taint is there', async () => (
      (await it.kubectl('get', 'node', 'silent', '-o', 'jsonpath={.spec.taints[*].key}')).includes('node.kubernetes.io/unreachable')))
    expect(await it.kubectl('get', 'node', 'silent', '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')).toBe('Unknown')
  })

  test('the files of a run share one, and what only another kind can do is refused', async () => {
    const [one, other] = await Promise.all([sharedCluster('kwok'), askBroker(inject('clusters'), 'kwok')])
    expect(one.url).toBe(other.url)
    await expect(one.inNode(['true'])).rejects.toThrow('Only a cluster of the mode node does that.')
  })
})

describe.skipIf(lacks('node'))('a real node', () => {
  test('a pod of the demo’s image answers at its node port from this machine, and runs in the node’s namespaces', async () => {
    const it = await sharedCluster('node')
    await apply(it, deployment('page'), service('page'))
    await untilReady(it, 'page')
    const port = await it.kubectl('get', 'service', 'page', '-o', 'jsonpath={.spec.ports[0].nodePort}')
    await until('the page answers', async () => fetch(`http://${it.address}:${port}`).then((answer) => answer.ok, () => false))
    expect(await (await fetch(`http://${it.address}:${port}`)).text()).toContain('Hello from Berth')
    expect(await it.inNode(['ps', '-e', '-o', 'args'])).toContain('/bin/httpd -f -p 80')
    expect(await it.kubectl('exec', 'deployment/page', '--', 'id', '-u')).toBe('0\n')
    await it.kubectl('delete', 'deployment,service', 'page')
  })

  test('two live side by side; stopped, one leaves no process, cgroup, mount, route, rule, link or folder, also with a pod on it', async () => {
    const shared = await sharedCluster('node'), before = firewall()
    const it = await started({ mode: 'node' })
    await apply(it, deployment('page'))
    await untilReady(it, 'page')
    expect(leftOf(it).length).toBeGreaterThan(5)
    await it.stop()
    expect(leftOf(it)).toEqual([])
    expect(firewall()).toEqual(before)
    expect(await shared.kubectl('get', 'nodes')).toMatch(/node1 +Ready/)
  })

  test('nor does one whose owner was killed with -9', async () => {
    const { owner, kubeconfig } = await owned('node')
    expect(leftOf({ kubeconfig })).not.toEqual([])
    owner.kill('SIGKILL')
    await until('all is gone', () => leftOf({ kubeconfig }).length === 0)
  })

  test('what was killed together with its watchdogs is cleaned by the next that starts', async () => {
    const { owner, kubeconfig } = await owned('node')
    killWatchdogs(owner)
    owner.kill('SIGKILL')
    await until('the owner is gone', () => owner.signalCode !== null)
    expect(leftOf({ kubeconfig }).length).toBeGreaterThan(5)
    await started({ mode: 'api' })
    expect(leftOf({ kubeconfig })).toEqual([])
  })
})

test('a cluster that the environment names is one file', () => {
  const before = process.env['KUBECONFIG']
  cleanUps.push(() => { if (before === undefined) delete process.env['KUBECONFIG']; else process.env['KUBECONFIG'] = before })
  process.env['KUBECONFIG'] = '/some/config'
  expect(givenCluster()).toEqual({ kubeconfig: '/some/config' })
  process.env['KUBECONFIG'] = '/one:/other'
  expect(() => givenCluster()).toThrow(/must name one file/)
  delete process.env['KUBECONFIG']
  expect(givenCluster()).toBeUndefined()
})
