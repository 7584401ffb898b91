/** What every verb in this folder works with: one cluster, as this host knows it. */
import type { Client } from './client.ts'
import type { Ground } from './ground.ts'
import type { Owner } from './labels.ts'
import type { Shape } from './lease.ts'
import type { Sealing } from './reach.ts'

export interface Cluster extends Owner {
  readonly client: Client
  readonly ground: Ground
  readonly reach: Sealing
  readonly shape: Shape
  /**
   * How it is known that something listens: at its node port on every start, from beside the cluster; or by the kubelet's
   * word that the pod is ready, where node ports cannot be reached from here.
   */
  readonly probe: 'node port' | 'pod'
  /** Where node ports answer: the first of them is tried. */
  addresses(signal?: AbortSignal): Promise<readonly string[]>
  /** The nodes, as they were a moment ago. */
  nodes(signal?: AbortSignal): Promise<Nodes>
  /** How long a started container may take until something listens on each port. */
  readonly listenMs: number
  /** How long a container without ports must live to count as started. */
  readonly settleMs: number
  /** How long a pod may wait for a node before the cluster counts as full. */
  readonly roomMs: number
  /** How long an image may be out of reach before the try counts as failed. */
  readonly pullMs: number
}

export interface Nodes {
  readonly cpu: number
  readonly memory: number
  readonly gpu: number
  /** Of one node alone. */
  readonly largest: { readonly cpu: number; readonly memory: number; readonly gpu: number }
  /** Of the nodes that are ready, sorted; the external one where a node has one. */
  readonly addresses: readonly string[]
  /** Ranges of the pods, as the nodes tell them. */
  readonly pods: readonly string[]
}
