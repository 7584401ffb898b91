/** Starts a paused or dead container again, on the ports that it was created with. One that is gone is made anew. */
import type { Sight, Signs, StartOrder } from '../../workflows/ports.ts'
import { createOrAdopt } from './create.ts'
import { findMine, type Engine } from './engine.ts'
import { findSaved } from './save.ts'
import { run, start } from './start.ts'

/** Whatever goes wrong, the container stays: it holds the member's files. */
export async function resume(engine: Engine, order: StartOrder, signs: Signs): Promise<Extract<Sight, { is: 'running' }>> {
  await engine.ready(signs.signal)
  const mine = await findMine(engine, order, signs.signal)
  // A try that made it anew may have been cut off between the old one and the new one.
  const saved = mine ? undefined : await findSaved(engine, order, signs.signal)
  if (!mine && !saved) return await start(engine, order, signs)
  return await engine.networks.use(order.member, async (network) => {
    const made = mine ? { id: mine.seen.Id, network } : await createOrAdopt(engine, order, signs, { network, saved })
    return await run(engine, made, order, signs)
  })
}
