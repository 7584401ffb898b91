/** `Runtime` on one Kubernetes cluster. */
import type { Eyes, Pulse, Reach, Runtime } from '../../workflows/ports.ts'
import { check, type Finding } from './check.ts'
import { connect } from './client.ts'
import type { Cluster, Nodes } from './cluster.ts'
import { doorOf } from './door.ts'
import { eyesOf } from './glimpse.ts'
import { createGround } from './ground.ts'
import type { ClusterAddress } from './kube.ts'
import type { Owner } from './labels.ts'
import { createList, removeOwned } from './list.ts'
import { logs } from './logs.ts'
import { look } from './look.ts'
import { readNodes } from './nodes.ts'
import { pauseLease } from './pause.ts'
import { type PulseOptions, createClusterPulse } from './pulse.ts'
import { createReach } from './reach.ts'
import { remove } from './remove.ts'
import { resume } from './resume.ts'
import { selfOf } from './rights.ts'
import { start } from './start.ts'

export interface KubernetesOptions extends Owner {
  readonly cluster: ClusterAddress
  /** Where node ports are reached, a load balancer say; absent: at the nodes that are ready. */
  readonly addresses?: readonly string[] | undefined
  /** What leases must not reach besides nodes, metadata and each other: where Berth and its parts listen. */
  readonly control: readonly string[]
  /** Ranges of pods and Services, besides those that the nodes tell. */
  readonly ranges?: readonly string[] | undefined
  /** Resource name of a GPU, `nvidia.com/gpu`. */
  readonly gpu?: string | undefined
  /** Share of its cpu that a pod reserves for itself; default 1. */
  readonly reserve?: number | undefined
  /** User of the containers; default 1000. */
  readonly user?: number | undefined
  readonly pull?: 'Always' | 'IfNotPresent' | 'Never' | undefined
  /** Registry credentials as Docker writes them. */
  readonly pullSecret?: string | undefined
  /** Where members reach the API, `https://…`; absent: where Berth does. */
  readonly server?: string | undefined
  readonly probe?: Cluster['probe'] | undefined
  /** SIGTERM to SIGKILL at a pause, in whole seconds; default 10 s. A removal has none. */
  readonly graceS?: number | undefined
  /** Default 20 s. */
  readonly listenMs?: number | undefined
  /** Default 300 ms. */
  readonly settleMs?: number | undefined
  /** Default 10 s. */
  readonly roomMs?: number | undefined
  /** Default 60 s. */
  readonly pullMs?: number | undefined
  /** How long an account's former Namespace may take to go; default 90 s. */
  readonly leaveMs?: number | undefined
}

export interface KubernetesRuntime extends Runtime {
  /** For the watch of this host. */
  readonly eyes: Eyes
  readonly reach: Reach
  pulse(of: Omit<PulseOptions, 'client' | 'marks'>): Pulse
  /**
   * Whether anything can be lent here, with the node ports from one to the other: a host role asks before it offers it.
   * Throws `NotFit`, which tells an admin what to do; answers with what is worth a line in the log.
   */
  prepare(ports?: readonly [number, number]): Promise<readonly Finding[]>
  addresses(): Promise<readonly string[]>
  close(): Promise<void>
}

/** What the nodes offer is asked anew after that. */
const trustMs = 50_000

/** Throws when kubeconfig or context are not there. */
export function createKubernetes(options: KubernetesOptions): KubernetesRuntime {
  const { marks, host, gpu, control, ranges = [], pullSecret } = options, client = connect(options.cluster)
  const nodes = remembered(() => readNodes(client, gpu), trustMs)
  client.onLost(() => nodes.forget())
  const addresses = async (signal?: AbortSignal) => options.addresses ?? (await nodes.ask(signal)).addresses
  const reach = createReach({ marks, host, client }, () => doorOf(client.kube, options.server))
  const self = kept(() => selfOf(client))
  const ground = createGround({
    marks, host, client, self, seal: reach.seal, leaveMs: options.leaveMs,
    async terms({ member, terms }) {
      const { addresses: own, pods } = await nodes.ask()
      return { member, terms, pullSecret, walls: { control: [...control, ...own, ...ranges], pods: [...new Set([...pods, ...ranges])], gpu } }
    },
  })
  client.onLost(() => ground.forget())
  const cluster: Cluster = {
    marks, host, client, ground, reach, addresses, nodes: nodes.ask,
    shape: { user: options.user ?? 1000, gpu, reserve: options.reserve ?? 1, pull: options.pull ?? 'IfNotPresent', pullSecret: pullSecret !== undefined, graceS: options.graceS ?? 10 },
    probe: options.probe ?? 'node port',
    listenMs: options.listenMs ?? 20_000, settleMs: options.settleMs ?? 300, roomMs: options.roomMs ?? 10_000, pullMs: options.pullMs ?? 60_000,
  }
  return {
    eyes: eyesOf(cluster),
    reach,
    pulse: (of) => createClusterPulse({ ...of, client, marks }),
    start: (order, signs) => start(cluster, order, signs),
    pause: (it) => pauseLease(cluster, it),
    resume: (order, signs) => resume(cluster, order, signs),
    remove: (it) => remove(cluster, it),
    look: (it) => look(cluster, it),
    logs: (it, lines) => logs(cluster, it, lines),
    list: createList(cluster),
    removeOwned: (owned) => removeOwned(cluster, owned),
    async capacity() {
      const { cpu, memory, gpu: gpus } = await nodes.ask()
      return { cpu, memory, ...(gpus > 0 && { gpu: gpus }) }
    },
    async prepare(ports) {
      const findings = await check(client, { ports, pullSecret, self })
      await nodes.ask()
      return findings
    },
    addresses: () => addresses(),
    close: () => client.close(),
  }
}

/** The first answer for good. */
function kept<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined
  return () => {
    const mine = answer ??= ask()
    mine.catch(() => { if (answer === mine) answer = undefined })
    return mine
  }
}

/** The last answer for a while; one that failed is asked again. Nobody's cancellation cuts off what others wait for as well. */
function remembered(read: () => Promise<Nodes>, ms: number): { ask(signal?: AbortSignal): Promise<Nodes>; forget(): void } {
  let now: Promise<Nodes> | undefined, since = 0
  return {
    ask(signal) {
      signal?.throwIfAborted()
      if (now && performance.now() - since < ms) return now
      since = performance.now()
      const mine = read()
      mine.catch(() => { if (now === mine) now = undefined })
      return now = mine
    },
    forget: () => { now = undefined },
  }
}
