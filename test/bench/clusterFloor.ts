/**
 * The raw floor of a lend on a cluster: apply a Deployment and a Service as a lease has them, until the pod is ready, then
 * one signed update by the bare client. The Namespace stands.
 */
import type { V1Deployment, V1Service } from '@kubernetes/client-node'
import { connect } from '../../activities/kubernetes/client.ts'
import { kindOf, reference } from '../../activities/kubernetes/labels.ts'
import { leaseObjects } from '../../activities/kubernetes/lease.ts'
import { createMarks } from '../../activities/mark.ts'
import { createRfc2136Names } from '../../activities/rfc2136/names.ts'
import type { Nameserver } from '../../activities/rfc2136/server.ts'
import type { LeaseSpec } from '../../workflows/terms.ts'
import { newKey } from '../ports/names.suite.ts'
import type { Floor } from './floor.ts'

export const clusterReserve = 0.02

export interface ClusterFloorOptions {
  readonly kubeconfig: string
  readonly address: string
  readonly zone: string
  readonly nameserver: Nameserver
  readonly spec: Omit<LeaseSpec, 'env'>
  /** First and last node port that it may take. */
  readonly ports: readonly [number, number]
}

/** Between two looks whether the pod is ready. */
const lookMs = 10

export async function openClusterFloor({ kubeconfig, address, zone, nameserver, spec, ports }: ClusterFloorOptions): Promise<Floor> {
  const client = connect({ kubeconfig }), namespace = `floor-${process.pid}`
  const marks = createMarks({ instance: 'floor', secret: Buffer.alloc(32, 1) }), names = createRfc2136Names({ zones: { [zone]: nameserver }, marks })
  const inside = <T extends { metadata?: object }>(object: T): T => ({ ...object, metadata: { ...object.metadata, namespace } })
  await client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } })
  await client.apply({ ...kindOf('ServiceAccount'), metadata: { name: 'lease', namespace } })
  let next = 0
  return {
    async raise() {
      const key = newKey(), hostPort = ports[0] + (next++ % (ports[1] - ports[0] + 1))
      const owner = { zone, label: `floor-${key.slice(0, 6)}`, key, number: 1 }
      const { deployment, others } = leaseObjects({ marks, host: 'floor' }, { key, number: 1, member: 'floor', spec, hostPorts: [hostPort] }, {
        user: 1000, reserve: clusterReserve, pull: 'IfNotPresent', pullSecret: false, graceS: 10,
      })
      const name = deployment.metadata!.name!
      const began = performance.now()
      await Promise.all([client.apply<V1Deployment>(inside(deployment)), ...others.map((one) => client.apply(inside(one as V1Service)))])
      while (!(await client.read<V1Deployment>(reference('Deployment', name, namespace)))?.status?.readyReplicas) {
        await new Promise((done) => setTimeout(done, lookMs))
      }
      await names.claim({ ...owner, address, ports: [{ port: 80, hostPort }], ttlMs: 1_000 })
      const ms = performance.now() - began
      return {
        ms,
        async undo() {
          await Promise.all([
            client.remove(reference('Deployment', name, namespace)), client.remove(reference('Service', name, namespace)), names.release(owner),
          ])
          await client.ask('remove pods', ({ core }) => core.deleteCollectionNamespacedPod({ namespace, labelSelector: `berth.key=${key}`, gracePeriodSeconds: 0 }))
        },
      }
    },
    async close() {
      await client.remove(reference('Namespace', namespace))
      await names.close()
      await client.close()
    },
  }
}
