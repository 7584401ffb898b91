/** Ends that a cluster itself brings about, on a real node: by the kernel, by the kubelet, by an admin who drains. */
import type { V1Pod } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { namespaceOf } from '../../../activities/kubernetes/labels.ts'
import type { Berthing, Glimpse, StartOrder } from '../../../workflows/ports.ts'
import { placementOf } from '../../../workflows/rules/placement.ts'
import { lacks } from '../../kubernetes/lacks.ts'
import { sharedCluster } from '../../kubernetes/shared.ts'
import type { Use } from '../../kubernetes/use.ts'
import { shell } from '../docker/lab.ts'
import { newOrder, signs } from '../runtime.suite.ts'
import { type KubeLab, openKubeLab } from './lab.ts'

const ms = { timeout: 60_000, interval: 200 }

describe.skipIf(lacks('node'))('a lease on a node', () => {
  let cluster: Use, lab: KubeLab
  beforeAll(async () => {
    cluster = await sharedCluster('node')
    lab = openKubeLab({ kubeconfig: cluster.kubeconfig })
  })
  afterAll(() => lab?.close())

  const seen = async (it: Berthing): Promise<Glimpse | undefined> => (await lab.runtime.eyes.glimpse()).find((one) => placementOf(one) === placementOf(it))
  /** Runs, and was seen to. */
  async function started(order: StartOrder): Promise<string> {
    await lab.runtime.start(order, signs())
    const { id, state } = (await seen(order))!
    expect(state).toBe('running')
    return id
  }

  test('that uses more memory than it has is said to be out of it, however often the kubelet starts it again', ms, async () => {
    const one = newOrder(shell('sleep 1; exec tail /dev/zero'), [])
    await started(one)
    await expect.poll(async () => (await seen(one))?.state, ms).toBe('stopped')
    expect(await lab.runtime.look(one)).toMatchObject({ is: 'stopped', outOfMemory: true, exitCode: 137 })
  })

  test('that the kubelet evicts is run again by the cluster, and is said to be another, with the kubelet\'s own words', { timeout: 120_000 }, async () => {
    const first = newOrder(shell('sleep 600'), [])
    await started(first)
    const namespace = namespaceOf(lab, first.member)
    await lab.client.apply({
      apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'disk', namespace },
      spec: { limits: [{ type: 'Container', _default: { 'ephemeral-storage': '4Mi' } }] },
    } as object)
    const one = { ...newOrder(shell('sleep 2; dd if=/dev/zero of=/tmp/full bs=1M count=64; exec sleep 600'), []), member: first.member }
    const before = await started(one)
    await expect.poll(async () => { const now = await seen(one); return now?.state === 'running' && now.id !== before ? now.former : undefined }, { timeout: 90_000, interval: 500 })
      .toMatch(/^Evicted: .*ephemeral/i)
    expect((await lab.runtime.look(one)).is).toBe('running')
    await lab.runtime.remove(one)
    await lab.runtime.remove(first)
    await expect.poll(async () => (await lab.runtime.look(one)).is, ms).toBe('absent')
  })

  test('whose node an admin drains runs again once there is a node for it, and is said to be another', ms, async () => {
    const one = newOrder(shell('sleep 600'), []), before = await started(one), { metadata } = (await lab.podOf(one))! as V1Pod
    await lab.client.ask('evict a pod', ({ core }) => core.createNamespacedPodEviction({
      name: metadata!.name!, namespace: metadata!.namespace!, body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: metadata!.name!, namespace: metadata!.namespace! } },
    }))
    await expect.poll(async () => { const now = await seen(one); return now?.state === 'running' && now.id !== before }, ms).toBe(true)
  })
})
