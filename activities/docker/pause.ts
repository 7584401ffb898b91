/** Stops a container and keeps its file system: SIGTERM, a grace, SIGKILL. Stopped or gone already is success. */
import type { Berthing } from '../../workflows/ports.ts'
import { findMine, type Engine } from './engine.ts'
import { statusOf } from './failures.ts'

export async function pauseContainer(engine: Engine, it: Berthing): Promise<void> {
  const mine = await findMine(engine, it)
  if (mine) await stop(engine, mine.seen.Id, engine.graceMs.pause)
}

/** The engine counts the grace in whole seconds. */
export async function stop({ client }: Engine, id: string, graceMs: number): Promise<void> {
  try {
    await client.ask('stop a container', (abortSignal) =>
      client.docker.getContainer(id).stop({ t: Math.ceil(graceMs / 1000), abortSignal }), { ms: graceMs + 15_000 })
  } catch (error) {
    if (statusOf(error) !== 304 && statusOf(error) !== 404) throw error
  }
}
