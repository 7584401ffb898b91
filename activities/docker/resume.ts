/** Starts a paused or dead container again, on the ports that it was created with. One that is gone is made anew. */
import type { Sight, Signs, StartOrder } from '../../workflows/ports.ts'
import { findMine, type Engine } from './engine.ts'
import { run, start } from './start.ts'

/** Whatever goes wrong, the container stays: it holds the member's files. */
export async function resume(engine: Engine, order: StartOrder, signs: Signs): Promise<Extract<Sight, { is: 'running' }>> {
  await engine.ready(signs.signal)
  const mine = await findMine(engine, order, signs.signal)
  if (!mine) return await start(engine, order, signs)
  return await engine.networks.use(order.member, () => run(engine, mine.seen.Id, order, signs))
}
