/**
 * `Pulse` of leases on a cluster. A container on this very machine, where the role runs on a node, is read by the kernel's
 * own files like one on Docker. Of any other there is the metrics API, which knows cpu alone: it can show that a lease is
 * in use, never that it is idle.
 */
import type { KubernetesObject } from '@kubernetes/client-node'
import type { Beat, Living, Pulse } from '../../workflows/ports.ts'
import type { Client } from './client.ts'
import { quantity } from './quantity.ts'
import { codeOf } from './failures.ts'
import { type Owner, instanceSelector } from './labels.ts'

export interface PulseOptions extends Pick<Owner, 'marks'> {
  readonly client: Client
  /** Reads containers on this machine by their first process. */
  readonly local: Pulse
  /** First process of a container on this machine. */
  readonly findProcess: (id: string) => number | undefined
  readonly now?: () => number
}

/** One sample of the metrics API, which takes them 15 s or more apart. */
interface PodMetrics extends KubernetesObject {
  readonly timestamp?: string | Date
  readonly containers?: readonly { readonly usage?: { readonly cpu?: string } }[]
}

const askMs = 30_000
/** A cluster without a metrics API is asked seldom. */
const askAgainMs = 10 * 60_000
const unknown = 'only its cpu can be seen from outside of its node'
const noMetrics = 'its cluster has no metrics API, and its node is another machine'

export function createClusterPulse({ client, marks, local, findProcess, now = () => performance.now() }: PulseOptions): Pulse {
  const used = new Map<string, { readonly at: number; readonly cpuMs: number }>()
  let asked = -Infinity, waitMs = askMs, there = true, asking: Promise<void> | undefined

  /** Adds what each pod used since its last sample; by the pod's name, which is the only name that metrics have. */
  async function ask(): Promise<void> {
    try {
      const all = await client.list<PodMetrics>({ apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics' }, { labels: instanceSelector({ marks }) })
      const seen = new Set<string>()
      for (const { metadata, timestamp, containers = [] } of all) {
        const pod = `${metadata?.namespace}/${metadata?.name}`, at = new Date(timestamp ?? NaN).getTime(), before = used.get(pod)
        seen.add(pod)
        if (before && !(at > before.at)) continue
        const cores = containers.reduce((sum, { usage }) => sum + (quantity(usage?.cpu) || 0), 0)
        used.set(pod, { at, cpuMs: (before?.cpuMs ?? 0) + (before ? cores * (at - before.at) : 0) })
      }
      for (const pod of used.keys()) if (!seen.has(pod)) used.delete(pod)
      there = true
      waitMs = askMs
    } catch (error) {
      // 404: no such API; 503: it is registered and does not answer.
      there = false
      waitMs = codeOf(error) === 404 ? askAgainMs : askMs
    }
  }

  async function beatOf(pod: string | undefined): Promise<Beat> {
    if (now() - asked >= waitMs) {
      asked = now()
      asking = ask()
    }
    await asking
    const known = pod === undefined ? undefined : used.get(pod)
    if (!there || !known) return { why: there ? unknown : noMetrics }
    return { cpuMs: known.cpuMs, why: unknown }
  }

  const here = ({ id }: Living): Living | undefined => {
    const [container = ''] = id.split('@'), pid = findProcess(container)
    return pid === undefined ? undefined : { id: container, pid }
  }

  return {
    byProcess: false,
    async beat(of) {
      const living = here(of)
      return living ? await local.beat(living) : await beatOf(of.id.split('@')[1])
    },
    async peers(of) {
      const living = here(of)
      if (!living) throw new Error(unknown)
      return await local.peers(living)
    },
  }
}
