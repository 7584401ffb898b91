/** What every verb in this folder works with: one engine, as this host knows it. */
import type { ContainerInspectInfo } from 'dockerode'
import type { Berthing } from '../../workflows/ports.ts'
import type { Marks } from '../mark.ts'
import type { Client } from './client.ts'
import { statusOf } from './failures.ts'
import { readMark, type Marked } from '../labels.ts'
import { containerName } from './labels.ts'
import type { Networks } from './network.ts'

export interface Engine {
  readonly client: Client
  readonly marks: Marks
  /** The host's name, as in marks and queues. */
  readonly host: string
  /** Address that host ports are bound on. */
  readonly address: string
  readonly networks: Networks
  readonly pids: number
  readonly dns: readonly string[]
  /** Where listeners are asked for: at the container's own address, or through the host port of a remote engine. */
  readonly probe: 'inside' | 'published'
  /** How long a started container may take until something listens on each port. */
  readonly listenMs: number
  /** How long a container without ports must live to count as started. */
  readonly settleMs: number
  /** From SIGTERM to SIGKILL, for a pause and for a removal. */
  readonly graceMs: { readonly pause: number; readonly remove: number }
  /** The longest silence of a pull. */
  readonly pullSilenceMs: number
  /** Facts of the engine, with the wall up. Asked once, and again when the engine was lost meanwhile. */
  ready(signal?: AbortSignal): Promise<Facts>
}

export interface Facts {
  readonly cpu: number
  readonly memory: number
  readonly init: boolean
}

export interface Mine {
  readonly seen: ContainerInspectInfo
  readonly mark: Marked
}

/** The container of one placement, if it is there and its mark verifies; somebody else's under our name is not ours. */
export async function findMine(engine: Engine, it: Pick<Berthing, 'key' | 'number'>, signal?: AbortSignal): Promise<Mine | undefined> {
  const name = containerName(engine.marks, it), seen = await inspect(engine, name, signal)
  const mark = seen && readMark(engine.marks, seen.Config.Labels, { name, host: engine.host })
  if (!mark || mark.kind !== 'lease' || mark.key !== it.key || mark.number !== it.number) return undefined
  return { seen, mark }
}

/** Undefined when there is no such container. `id` is an id or a name. */
export async function inspect({ client }: Engine, id: string, signal?: AbortSignal): Promise<ContainerInspectInfo | undefined> {
  try {
    return await client.ask('show a container', (abortSignal) => client.docker.getContainer(id).inspect({ abortSignal }), { signal })
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}
