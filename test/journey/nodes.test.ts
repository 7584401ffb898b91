/** Nodes that only seem to be: what they offer is lent, what they lack is waited for, and names follow them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { V1Pod } from '@kubernetes/client-node'
import { type Client, connect } from '../../activities/kubernetes/client.ts'
import { kindOf } from '../../activities/kubernetes/labels.ts'
import { reserved } from '../../activities/labels.ts'
import { type Cluster, startCluster } from '../kubernetes/cluster.ts'
import { lacks } from '../kubernetes/lacks.ts'
import { eventually, type Journey, journey } from './berth.ts'

const gpu = 'nvidia.com/gpu'

describe.skipIf(lacks('kwok'))('on nodes that come and go', () => {
  let it: Journey, cluster: Cluster, api: Client
  beforeAll(async () => {
    cluster = await startCluster({ mode: 'kwok', firstNode: false })
    await cluster.fakeNode('plain', { address: '127.0.0.8' })
    await cluster.fakeNode('fast', { address: '127.0.0.7', gpu: { name: gpu, count: 1 } })
    api = connect(cluster)
    it = await journey({
      nameserver: 'knot', cluster: { kubeconfig: cluster.kubeconfig, alone: true, kubernetes: { gpu, probe: 'pod' } },
      policy: { defaults: { gpu: 5 } },
    })
    await Promise.all([it.start(['core']), it.start(['host']), it.start(['gateway'])])
    await it.login('mika')
  })
  afterAll(async () => {
    await it?.stop()
    await api?.close()
    await cluster?.stop()
  })

  test('a GPU is lent, a second wish for it waits in the line, and one for more than there are is refused', { timeout: 120_000 }, async () => {
    const { code, out } = await it.as('mika', 'lend', 'web', '--name', 'trains', '--gpu', '1', '--json')
    expect(code, out).toBe(0)
    const [pod] = await api.list<V1Pod>(kindOf('Pod'), { labels: `${reserved.instance}=${it.instance}` })
    expect(pod!.spec).toMatchObject({ nodeName: 'fast', containers: [{ resources: { limits: { [gpu]: '1' } } }] })

    const second = it.as('mika', 'lend', 'web', '--name', 'waits', '--gpu', '1', '--json')
    const queue = await eventually('it waits for a GPU', async () => (await it.status('mika', 'waits')).queue)
    expect(queue).toMatchObject({ position: 1, reason: expect.stringContaining('1 GPU') as string })

    const refused = await it.as('mika', 'lend', 'web', '--name', 'toomuch', '--gpu', '3')
    expect([refused.code, refused.out + refused.err]).toEqual([3, expect.stringMatching(/GPU/)])

    expect((await it.as('mika', 'return', 'trains')).code).toBe(0)
    expect((await second).code).toBe(0)
    expect((await it.status('mika', 'waits')).phase).toBe('ready')
    expect((await it.as('mika', 'return', 'waits')).code).toBe(0)
  })

  test('when a node goes away, what was there runs on another, and names lead to those that are left', { timeout: 300_000 }, async () => {
    await cluster.kubectl('cordon', 'fast')
    expect((await it.as('mika', 'lend', 'web', '--name', 'page', '--on', 'kubernetes')).code).toBe(0)
    const status = await it.status('mika', 'page')
    const addresses = async () => (await it.records(status)).addresses.sort()
    expect(await addresses()).toEqual(['127.0.0.7', '127.0.0.8'])
    const nodeOf = async () => (await api.list<V1Pod>(kindOf('Pod'), { labels: `${reserved.instance}=${it.instance}` }))
      .filter(({ metadata, status }) => metadata?.deletionTimestamp === undefined && status?.phase === 'Running').map(({ spec }) => spec?.nodeName)
    expect(await nodeOf()).toEqual(['plain'])
    await cluster.kubectl('uncordon', 'fast')
    await cluster.loseNode('plain')
    await eventually('it runs on the other node', async () => (await nodeOf()).join() === 'fast', 180_000)
    const { phase, notices } = await eventually('its member is told', async () => {
      const now = await it.status('mika', 'page')
      return now.notices.some(({ kind }) => kind === 'trouble') && now
    }, 60_000)
    expect(phase).toBe('ready')
    expect(notices.filter(({ kind }) => kind === 'trouble').map(({ sentence }) => sentence))
      .toEqual([expect.stringMatching(/^page: its host took its container away \(.*\) and started another\. Its files are lost\.$/)])
    await eventually('the node that is lost is not told any more', async () => (await addresses()).join() === '127.0.0.7', 180_000)
    expect((await it.status('mika', 'page')).timeline.map(({ what }) => what).some((what) => what.includes('127.0.0.7'))).toBe(true)
    expect((await it.as('mika', 'return', 'page')).code).toBe(0)
    await eventually('no record of it is left', async () => (await addresses()).length === 0)
  })
})
