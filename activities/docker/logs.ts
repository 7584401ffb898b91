/** The last lines of a container, both streams as one. */
import type { Berthing } from '../../workflows/ports.ts'
import { type MostLines, lastWords, mostAsked, tidy } from '../lines.ts'
import { findMine, type Engine } from './engine.ts'
import { statusOf } from './failures.ts'

export async function logs(engine: Engine, it: Berthing, lines: number): Promise<readonly string[]> {
  const mine = await findMine(engine, it)
  return mine ? await readLines(engine, mine.seen.Id, { lines, bytes: mostAsked }) : []
}

/** Empty when the container is gone or has no log: last words are worth having, and nothing waits for them. */
export async function lastLines(engine: Engine, id: string): Promise<readonly string[]> {
  return await readLines(engine, id, lastWords)
}

async function readLines({ client }: Engine, id: string, most: MostLines): Promise<readonly string[]> {
  try {
    const raw = await client.ask('read a log', (abortSignal) => client.docker.getContainer(id).logs({
      stdout: true, stderr: true, follow: false, tail: most.lines, abortSignal,
    }))
    return tidy(demultiplex(Buffer.isBuffer(raw) ? raw : Buffer.from(String(raw))), most)
  } catch (error) {
    // 409: it is being removed; 501: the log driver keeps nothing.
    if ([404, 409, 501].includes(statusOf(error) ?? 0)) return []
    throw error
  }
}

/** Takes the engine's frames apart: 8 bytes of head (stream, 3 × 0, length), then the text. */
export function demultiplex(raw: Buffer): Buffer {
  const parts: Buffer[] = []
  let at = 0
  while (at + 8 <= raw.length) {
    if ((raw[at] ?? 9) > 2 || raw.readUIntBE(at + 1, 3) !== 0) break
    const length = raw.readUInt32BE(at + 4)
    parts.push(raw.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  if (at < raw.length) parts.push(raw.subarray(at))
  return Buffer.concat(parts)
}
