/** Kubernetes runtimes of their own instance on the run's cluster, with hands on the cluster itself. */
import { randomBytes, randomInt } from 'node:crypto'
import { Exec, type KubernetesObject, type V1Pod, type V1Service } from '@kubernetes/client-node'
import { expect } from 'vitest'
import { type Client, connect } from '../../../activities/kubernetes/client.ts'
import { createKubernetes, type KubernetesOptions, type KubernetesRuntime } from '../../../activities/kubernetes/kubernetes.ts'
import { instanceSelector, kindOf, namespaceOf, placementSelector, reference } from '../../../activities/kubernetes/labels.ts'
import { containerName } from '../../../activities/kubernetes/lease.ts'
import { nowhere } from '../../../activities/kubernetes/nowhere.ts'
import { createMarks, type Marks } from '../../../activities/mark.ts'
import type { Berthing } from '../../../workflows/ports.ts'

export const host = 'k1'

export interface KubeLab {
  readonly client: Client
  readonly marks: Marks
  readonly runtime: KubernetesRuntime
  /** Another runtime on the cluster; by default another worker of the same instance and host. */
  open(over?: Partial<KubernetesOptions>): KubernetesRuntime
  namespaceOf(member: string): string
  /** The pod of a placement, if there is one. */
  podOf(it: Berthing): Promise<V1Pod | undefined>
  /** Everything in its pod is killed; resolves once the cluster shows it. */
  kill(it: Berthing): Promise<void>
  /** A foreign Service takes a node port, from ours if it must; the answer gives it back. */
  occupy(port: number): Promise<() => Promise<void>>
  close(): Promise<void>
}

export type LabOptions = Partial<KubernetesOptions> & {
  /** Of the cluster's admin: the lab's own hands. */
  readonly kubeconfig: string
  /** Of whom the runtimes are; absent: the admin too. */
  readonly as?: string
}

/** `reserve`: next to nothing, so that dozens of pods fit on a machine of two cores. */
export function openKubeLab({ kubeconfig, as = kubeconfig, ...options }: LabOptions): KubeLab {
  const instance = `t${randomBytes(4).toString('hex')}`, marks = createMarks({ instance, secret: randomBytes(32) })
  const foreign = `foreign-${instance}`, client = connect({ kubeconfig }), opened: KubernetesRuntime[] = [], instances = new Set<Marks>()
  const open = (over: Partial<KubernetesOptions> = {}) => {
    const one = createKubernetes({
      cluster: { kubeconfig: as }, marks, host, control: [], reserve: 0.02, graceS: 1, listenMs: 10_000, roomMs: 3_000, ...options, ...over,
    })
    instances.add(over.marks ?? marks)
    opened.push(one)
    return one
  }
  const podOf = async (it: Berthing) =>
    (await client.list<V1Pod>(kindOf('Pod'), { namespace: namespaceOf({ marks }, it.member), labels: placementSelector({ marks }, it) }))[0]
  return {
    client, marks, open, podOf, runtime: open(),
    namespaceOf: (member) => namespaceOf({ marks }, member),
    async kill(it) {
      const { metadata } = (await podOf(it))!
      await new Exec(client.kube).exec(metadata!.namespace!, metadata!.name!, containerName, ['sh', '-c', 'kill -9 -1'], nowhere(), nowhere(), null, false)
      const container = async () => (await podOf(it))?.status?.containerStatuses?.[0]
      // The kubelet looks once a second.
      await expect.poll(async () => (await container())?.lastState?.terminated ?? (await container())?.state?.terminated, { timeout: 10_000 }).toBeDefined()
    },
    async occupy(port) {
      const name = `foreign-${port}`, service: V1Service & KubernetesObject = {
        apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: foreign }, spec: { type: 'NodePort', ports: [{ port: 80, nodePort: port }] },
      }
      const holder = (await client.list<V1Service>(kindOf('Service'), {})).find(({ spec }) => spec?.ports?.some(({ nodePort }) => nodePort === port))
      if (holder) await client.remove(reference('Service', holder.metadata!.name!, holder.metadata!.namespace))
      await client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: foreign } })
      await client.apply(service)
      return async () => void await client.remove(reference('Service', name, foreign))
    },
    async close() {
      for (const one of instances) {
        for (const { metadata } of await client.list(kindOf('Namespace'), { labels: instanceSelector({ marks: one }) })) {
          await client.ask('remove pods', ({ core }) => core.deleteCollectionNamespacedPod({ namespace: metadata!.name!, gracePeriodSeconds: 0 }))
          await client.remove(reference('Namespace', metadata!.name!))
        }
      }
      await client.remove(reference('Namespace', foreign))
      for (const one of opened) await one.close()
      await client.close()
    },
  }
}

/** A node port that nobody is likely to have; journeys lend those below. */
const taken = new Set<number>()
export function nodePort(): number {
  for (;;) {
    const port = randomInt(31_000, 32_768)
    if (taken.has(port)) continue
    taken.add(port)
    return port
  }
}
