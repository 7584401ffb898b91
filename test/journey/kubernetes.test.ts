/** One line lends on a cluster as it does on an engine: the page is a real pod's, and nothing is left of it afterwards. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KubernetesObject, V1Pod } from '@kubernetes/client-node'
import { type Client, connect } from '../../activities/kubernetes/client.ts'
import { kindOf, reference } from '../../activities/kubernetes/labels.ts'
import { reserved } from '../../activities/labels.ts'
import type { LeaseStatus } from '../../workflows/terms.ts'
import { pageAt } from '../../worker/demo/look.ts'
import { lacks } from '../kubernetes/lacks.ts'
import { sharedCluster } from '../kubernetes/shared.ts'
import type { Use } from '../kubernetes/use.ts'
import { eventually, type Journey, journey } from './berth.ts'

describe.skipIf(lacks('node'))('on a cluster', () => {
  let it: Journey, cluster: Use, api: Client
  beforeAll(async () => {
    cluster = await sharedCluster('node')
    api = connect(cluster)
    it = await journey({ nameserver: 'knot', cluster, policy: { defaults: { restart: 'always' } } })
    await Promise.all([it.start(['core']), it.start(['host']), it.start(['host'], { change: it.onCluster! }), it.start(['gateway'])])
    await it.login('mika')
  })
  afterAll(async () => {
    await it?.stop()
    await api?.close()
  })

  const ours = (kind: string): Promise<readonly KubernetesObject[]> => api.list(kindOf(kind), { labels: `${reserved.instance}=${it.instance}` })
  const podOf = async ({ key }: LeaseStatus): Promise<V1Pod | undefined> =>
    (await api.list<V1Pod>(kindOf('Pod'), { labels: `${reserved.instance}=${it.instance},${reserved.key}=${key}` })).find(({ metadata }) => !metadata?.deletionTimestamp)
  const isGone = async () => (await Promise.all(['Namespace', 'Deployment', 'Service', 'Secret', 'Pod'].map(ours))).flat().every(({ kind, metadata }) => kind === 'Namespace' && metadata?.deletionTimestamp)

  test('a lease on a cluster is lent, named, reached, paused, resumed and returned', async () => {
    const { code, out } = await it.as('mika', 'lend', 'web', '--name', 'page', '--on', 'kubernetes', '--env', 'GREETING=hello', '--json')
    expect(code, out).toBe(0)
    const status = await it.status('mika', 'page'), [endpoint] = status.endpoints
    expect(status).toMatchObject({ phase: 'ready', host: expect.stringMatching(/^k-/) as string })
    const { services, addresses } = await it.records(status)
    expect(addresses).toEqual([cluster.address])
    expect(services).toEqual([expect.objectContaining({ port: endpoint!.hostPort })])
    expect(await pageAt(`http://${addresses[0]}:${services[0]!.port}/`)).toContain('Hello from Berth')
    expect(await podOf(status)).toMatchObject({ spec: { securityContext: { runAsNonRoot: true }, automountServiceAccountToken: false } })

    expect((await it.as('mika', 'pause', 'page')).code).toBe(0)
    expect(await eventually('it sleeps', async () => (await it.status('mika', 'page')).phase === 'paused')).toBe(true)
    expect(await podOf(status)).toBeUndefined()
    expect((await it.as('mika', 'resume', 'page')).code).toBe(0)
    await eventually('it is awake', async () => (await it.status('mika', 'page')).phase === 'ready')
    expect(await pageAt(`http://${addresses[0]}:${services[0]!.port}/`)).toContain('Hello from Berth')

    expect((await it.as('mika', 'return', 'page')).code).toBe(0)
    await it.untilNothingIsLeft(status)
    await eventually('nothing is left in the cluster', isGone)
  })

  test('a container that died is started again, and a namespace that somebody deleted is made anew', { timeout: 180_000 }, async () => {
    expect((await it.as('mika', 'lend', 'web', '--name', 'strong', '--on', 'kubernetes', '--json')).code).toBe(0)
    const status = await it.status('mika', 'strong'), first = await podOf(status)
    const id = first!.status!.containerStatuses![0]!.containerID!.replace('containerd://', '')
    await cluster.inNode(['ctr', '-n', 'k8s.io', 'tasks', 'kill', '-s', 'SIGKILL', id])
    const url = `http://${cluster.address}:${status.endpoints[0]!.hostPort}/`
    await eventually('its story knows', async () => (await it.status('mika', 'strong')).timeline.some(({ what }) => what.startsWith('runs again')))
    expect(await pageAt(url)).toContain('Hello from Berth')
    expect((await podOf(status))?.metadata?.uid).not.toBe(first!.metadata!.uid)

    await api.remove(reference('Namespace', first!.metadata!.namespace!))
    await eventually('it was made anew', async () => (await it.status('mika', 'strong')).timeline.filter(({ what }) => what.startsWith('runs again')).length === 2, 90_000)
    expect(await pageAt(url)).toContain('Hello from Berth')
    const told = (await it.status('mika', 'strong')).notices.filter(({ kind }) => kind === 'trouble').map(({ sentence }) => sentence)
    expect(told.at(-1)).toContain('Its files are lost')
    expect((await it.as('mika', 'return', 'strong')).code).toBe(0)
    await it.untilNothingIsLeft(status)
    await eventually('nothing is left in the cluster', isGone)
  })
})
