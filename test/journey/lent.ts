/** What a host has of an instance, looked at past Berth: on an engine, or in a cluster. */
import type { KubernetesObject, V1Pod } from '@kubernetes/client-node'
import { connect } from '../../activities/kubernetes/client.ts'
import { kindOf, reference } from '../../activities/kubernetes/labels.ts'
import { reserved } from '../../activities/labels.ts'
import { type SeenContainer, containersOf, networksOf } from '../../worker/demo/look.ts'

export interface LentThere {
  /** In any state. */
  containers(): Promise<readonly SeenContainer[]>
  /** Of accounts: bridges, or namespaces. */
  networks(): Promise<readonly string[]>
  close(): Promise<void>
}

export const onEngine = (socket: string, instance: string): LentThere =>
  ({ containers: () => containersOf(socket, instance), networks: () => networksOf(socket, instance), close: async () => {} })

/** Deployments and pods alike count as containers, as long as there is a trace of them. */
export function inCluster(kubeconfig: string, instance: string): LentThere {
  const client = connect({ kubeconfig }), labels = `${reserved.instance}=${instance}`
  const seen = ({ metadata }: KubernetesObject, State: string): SeenContainer =>
    ({ Id: metadata?.uid ?? '', Names: [metadata?.name ?? ''], State, Labels: metadata?.labels ?? {} })
  const standing = async () => (await client.list(kindOf('Namespace'), { labels })).filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
  return {
    async containers() {
      const [deployments, pods, services] = await Promise.all([
        client.list(kindOf('Deployment'), { labels }), client.list<V1Pod>(kindOf('Pod'), { labels }), client.list(kindOf('Service'), { labels }),
      ])
      const runs = ({ metadata, status }: V1Pod) => status?.phase === 'Running' && metadata?.deletionTimestamp === undefined
      return [...pods.map((pod) => seen(pod, runs(pod) ? 'running' : 'created')), ...[...deployments, ...services].map((one) => seen(one, 'created'))]
    },
    networks: async () => (await standing()).map(({ metadata }) => metadata?.name ?? ''),
    async close() {
      for (const { metadata } of await standing()) {
        await client.ask('remove pods', ({ core }) => core.deleteCollectionNamespacedPod({ namespace: metadata!.name!, gracePeriodSeconds: 0 }))
        await client.remove(reference('Namespace', metadata!.name!))
      }
      await client.close()
    },
  }
}
