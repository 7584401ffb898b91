/** Makes the container of a placement, or adopts the one that an earlier try has made. */
import type { Signs, StartOrder } from '../../workflows/ports.ts'
import { containerOptions } from './container.ts'
import { pause } from '../deadline.ts'
import { inspect, type Engine } from './engine.ts'
import { isImageMissing, meant, statusOf } from './failures.ts'
import { readMark } from '../labels.ts'
import { containerLabels, containerName } from './labels.ts'
import { pull } from './pull.ts'
import type { Saved } from './save.ts'

export interface Making {
  readonly network: string
  /** Files that an earlier container of this placement had. */
  readonly saved?: Saved | undefined
}

/** The container of a placement, on its way to run. */
export interface Made {
  id: string
  readonly network: string
  /** An earlier try has made it. */
  readonly adopted?: boolean
}

export async function createOrAdopt(engine: Engine, order: StartOrder, signs: Signs, { network, saved }: Making): Promise<Made> {
  const { client, marks, host, address, pids, dns } = engine, { signal } = signs
  const { init } = await engine.ready(signal), name = containerName(marks, order)
  const options = containerOptions(order, { name, labels: containerLabels(marks, host, order), network, address, init, pids, dns })
  if (saved) {
    options.Image = saved.image
    options.HostConfig!.Mounts = saved.volumes.map(({ name: Source, at: Target }) => ({ Type: 'volume', Source, Target }))
  }
  let pulled = saved !== undefined // what is kept here is nowhere else
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      const made = await client.ask('create a container', (abortSignal) => client.docker.createContainer({ ...options, abortSignal }), { ms: 30_000, signal })
      return { id: made.id, network }
    } catch (error) {
      if (isImageMissing(error) && !pulled) {
        await pull(engine, order.spec.reference, signs)
        pulled = true
        continue
      }
      if (statusOf(error) !== 409) throw meant(error, order.hostPorts)
    }
    // The name is reserved, yet the container may not be visible for a moment, or be on its way out.
    const seen = await inspect(engine, name, signal)
    if (seen && seen.State.Status !== 'removing' && !seen.State.Dead) {
      if (!readMark(marks, seen.Config.Labels, { name, host })) throw new Error(`The container name ${name} is used by something that is not ours.`)
      return { id: seen.Id, network, adopted: true }
    }
    await pause(100, signal)
  }
  throw new Error(`The container ${name} is neither there nor gone.`)
}
