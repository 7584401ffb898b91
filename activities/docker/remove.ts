/** Takes a placement off the engine with its volumes, and the account's network after its last lease. Absent is success. */
import type { Berthing } from '../../workflows/ports.ts'
import { CallLate, pause } from '../deadline.ts'
import { findMine, inspect, type Engine } from './engine.ts'
import { statusOf } from './failures.ts'
import { lastLines } from './logs.ts'
import { stop } from './pause.ts'
import { removeSaved } from './save.ts'

/** How long a removal that somebody else began may take. */
const removalMs = 20_000

/** Answers with the container's last lines; none when an earlier try removed it. */
export async function remove(engine: Engine, it: Berthing): Promise<readonly string[]> {
  const mine = await findMine(engine, it)
  let said: readonly string[] = []
  if (mine) {
    if (mine.seen.State.Running) await stop(engine, mine.seen.Id, engine.graceMs.remove)
    said = await lastLines(engine, mine.seen.Id)
    await removeContainer(engine, mine.seen.Id)
  }
  await removeSaved(engine, it)
  await engine.networks.release(it.member)
  return said
}

/** Returns when the engine shows it no more. By id, so that a new one under the same name is safe. */
export async function removeContainer(engine: Engine, id: string, { volumes = true } = {}): Promise<void> {
  const { client } = engine
  try {
    return await client.ask('remove a container', (abortSignal) =>
      client.docker.getContainer(id).remove({ force: true, v: volumes, abortSignal }), { ms: 30_000 })
  } catch (error) {
    if (statusOf(error) === 404) return
    if (statusOf(error) !== 409) throw error
  }
  // 409: somebody else's removal is under way.
  for (const ends = performance.now() + removalMs; performance.now() < ends;) {
    if (!await inspect(engine, id)) return
    await pause(100)
  }
  throw new CallLate(`The engine did not finish a removal within ${removalMs / 1000} s.`)
}
