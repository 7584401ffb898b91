/** What can be known of use on a cluster: a container on this machine by the kernel, any other by the cluster's metrics. */
import { describe, expect, it } from 'vitest'
import { createFinder } from '../../../activities/idle/find.ts'
import { createPulse } from '../../../activities/idle/pulse.ts'
import { reserved } from '../../../activities/labels.ts'
import type { Beat } from '../../../workflows/ports.ts'
import { lacks } from '../../kubernetes/lacks.ts'
import { sharedCluster } from '../../kubernetes/shared.ts'
import { startCluster } from '../../kubernetes/cluster.ts'
import { shell } from '../docker/lab.ts'
import { newOrder, signs } from '../runtime.suite.ts'
import { openKubeLab } from './lab.ts'

describe.skipIf(lacks('node'))('a lease on a node that is this machine', () => {
  it('is read by the kernel\'s own files: its cpu, what it sent, its sockets and terminals', async () => {
    const { kubeconfig } = await sharedCluster('node'), lab = openKubeLab({ kubeconfig })
    try {
      const one = newOrder(shell('while true; do :; done'), []), living = await lab.runtime.start(one, signs())
      const pulse = lab.runtime.pulse({ local: createPulse(), findProcess: createFinder() })
      const first = await pulse.beat(living) as Beat
      expect(first).toEqual({ cpuMs: expect.any(Number), sent: expect.any(Number), sockets: 0, terminalAges: [] })
      await expect.poll(async () => (await pulse.beat(living) as Beat).cpuMs, { timeout: 10_000 }).toBeGreaterThan(first.cpuMs! + 20)
      expect(await pulse.peers(living)).toEqual({ count: 0 })
    } finally {
      await lab.close()
    }
  })
})

const metrics = { apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics' }
/** Stands for a metrics server: the same objects under the same names. `x_…` is how client-node calls `x-…`. */
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition',
  metadata: { name: 'pods.metrics.k8s.io', annotations: { 'api-approved.kubernetes.io': 'unapproved, for a test' } },
  spec: {
    group: 'metrics.k8s.io', scope: 'Namespaced', names: { plural: 'pods', singular: 'pod', kind: 'PodMetrics', listKind: 'PodMetricsList' },
    versions: [{ name: 'v1beta1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', x_kubernetes_preserve_unknown_fields: true } } }],
  },
}

describe.skipIf(lacks('api'))('a lease on another machine', () => {
  it('is unknown without a metrics API, and with one its cpu is known and nothing else, which is never idle', async () => {
    const cluster = await startCluster({ mode: 'api' }), lab = openKubeLab({ kubeconfig: cluster.kubeconfig })
    try {
      let now = 0
      const pulse = lab.runtime.pulse({ local: createPulse(), findProcess: () => undefined, now: () => now })
      const living = { id: `${'0'.repeat(64)}@here/pod-1` }
      expect(await pulse.beat(living)).toEqual({ why: expect.stringContaining('no metrics API') })

      await lab.client.apply(definition)
      await lab.client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'here' } })
      const sample = (timestamp: string, cpu: string) => lab.client.apply({
        ...metrics, metadata: { name: 'pod-1', namespace: 'here', labels: { [reserved.instance]: lab.marks.instance } },
        timestamp, window: '15s', containers: [{ name: 'lease', usage: { cpu, memory: '1Mi' } }],
      } as object)
      await expect.poll(() => sample('2026-01-01T00:00:00Z', '500m').then(() => true, () => false), { timeout: 20_000 }).toBe(true)
      now += 11 * 60_000
      const unknown = { cpuMs: 0, why: expect.stringContaining('only its cpu') }
      await expect.poll(async () => { now += 60_000; return await pulse.beat(living) }, { timeout: 20_000 }).toEqual(unknown)
      await sample('2026-01-01T00:00:30Z', '250m')
      expect(await pulse.beat(living)).toEqual(unknown)
      now += 60_000
      expect(await pulse.beat(living)).toEqual({ ...unknown, cpuMs: 7_500 })
      expect(await pulse.beat({ id: `${'1'.repeat(64)}@here/pod-2` })).toEqual({ why: expect.stringContaining('only its cpu') })
      await expect(pulse.peers(living)).rejects.toThrow('only its cpu')
    } finally {
      await lab.close()
      await cluster.stop()
    }
  })
})
