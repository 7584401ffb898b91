/** The host role as a pod of the cluster on which it lends, with no other credentials than its service account's. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { V1Pod } from '@kubernetes/client-node'
import { type Client, connect } from '../../activities/kubernetes/client.ts'
import { reference } from '../../activities/kubernetes/labels.ts'
import { pageAt } from '../../worker/demo/look.ts'
import { toolsImage } from '../../worker/embedded/image.ts'
import { freePort } from '../../worker/embedded/port.ts'
import { type Tether, tether } from '../../worker/embedded/tether.ts'
import { type Cluster, startCluster } from '../kubernetes/cluster.ts'
import { lacks } from '../kubernetes/lacks.ts'
import { asBerth } from '../ports/kubernetes/berth.ts'
import { eventually, type Journey, journey } from './berth.ts'

const root = join(import.meta.dirname, '../..'), namespace = 'berth-system', name = 'berth'
/** In the pod. */
const temporal = { host: '127.0.0.1', port: 7233 }

/**
 * Passes connections on, in the pod from its own loopback to here, and from here to a server that listens on loopback too:
 * Berth speaks to no Temporal elsewhere without TLS.
 */
const wire = (from: { readonly host: string; readonly port: number }, to: { readonly host: string; readonly port: number }) => `
  const { connect, createServer } = require('node:net')
  createServer((asked) => {
    const passed = connect(${JSON.stringify(to)})
    asked.pipe(passed).pipe(asked)
    asked.on('error', () => passed.destroy())
    passed.on('error', () => asked.destroy())
  }).listen(${JSON.stringify(from)})`

describe.skipIf(lacks('node'))('a host role inside of the cluster', () => {
  let it: Journey, cluster: Cluster, api: Client, passing: Tether
  beforeAll(async () => {
    cluster = await startCluster({ mode: 'node' })
    api = connect(cluster)
    it = await journey({ cluster: { ...cluster, alone: true } })
    await asBerth(cluster)
    // This machine's own programs and folders stand for an image with Node in it, which *restricted* does not let in.
    await cluster.kubectl('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=privileged', '--overwrite')
    const [host, port] = it.temporal.address.split(':'), here = { host: new URL(cluster.url).hostname, port: await freePort() }
    passing = await tether(process.execPath, ['-e', wire(here, { host: host!, port: Number(port) })], { log: join(it.dir, 'wire.log'), graceMs: 0 })
    await api.ask('make a pod', ({ core }) => core.createNamespacedPod({ namespace, body: podOf(here) }))
    await Promise.all([it.start(['core', 'gateway']), eventually('the pod says that it is up', async () => (await logOf()).includes('"berth is up"'), 60_000)])
    await it.login('mika')
  })
  afterAll(async () => {
    await api?.remove(reference('Pod', name, namespace), { grace: 5 })
    await it?.stop()
    await passing?.kill()
    await api?.close()
    await cluster?.stop()
  })

  const logOf = () => cluster.kubectl('-n', namespace, 'logs', name, '-c', 'host').catch(() => '')

  function podOf(here: { host: string; port: number }): V1Pod {
    const { kubeconfig: _, ...kubernetes } = (it.onCluster!.host as { kubernetes: Record<string, unknown> }).kubernetes
    const config = join(it.dir, 'inside'), folders = ['/usr', '/lib', '/lib64', root, it.dir]
    mkdirSync(config)
    writeFileSync(join(config, 'berth.yaml'), JSON.stringify({ ...it.configuration, roles: ['host'], host: { ...it.onCluster!.host, kubernetes } }))
    const env = { BERTH_CONFIG: join(config, 'berth.yaml'), TEMPORAL_ADDRESS: `${temporal.host}:${temporal.port}`, TEMPORAL_NAMESPACE: it.temporal.namespace, HOME: '/tmp' }
    const container = (name: string, args: string[]) => ({
      name, image: toolsImage, imagePullPolicy: 'Never', command: [process.execPath, ...args], securityContext: { runAsUser: 0 },
      env: Object.entries(env).map(([name, value]) => ({ name, value })), volumeMounts: folders.map((mountPath, i) => ({ name: `v${i}`, mountPath })),
    })
    return {
      apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace },
      spec: {
        serviceAccountName: 'berth', restartPolicy: 'Never', terminationGracePeriodSeconds: 5,
        containers: [container('host', [join(root, 'worker/main.ts')]), container('wire', ['-e', wire(temporal, here)])],
        volumes: folders.map((path, i) => ({ name: `v${i}`, hostPath: { path } })),
      },
    }
  }

  test('lends, and takes back, with its service account alone', async () => {
    const { code, out } = await it.as('mika', 'lend', 'web', '--name', 'page', '--json')
    expect(code, out).toBe(0)
    const status = await it.status('mika', 'page')
    expect(await pageAt(`http://${cluster.address}:${status.endpoints[0]!.hostPort}/`)).toContain('Hello from Berth')
    expect((await it.as('mika', 'return', 'page')).code).toBe(0)
    await it.untilNothingIsLeft(status)
    expect(await logOf()).not.toMatch(/eyJ/)
  })

  test('gives no kubeconfig that would lead to where only pods are, and says what an admin has to set', async () => {
    expect((await it.as('mika', 'lend', 'web', '--name', 'shut')).code).toBe(0)
    const { code, err } = await it.as('mika', 'kube', 'shut')
    expect([code, err]).toEqual([3, expect.stringContaining('host.kubernetes.server')])
    expect((await it.as('mika', 'return', 'shut')).code).toBe(0)
  })
})
