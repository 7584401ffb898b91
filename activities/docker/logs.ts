/** The last lines of a container, fit to be shown: one stream, UTF-8, no control characters. */
import type { Berthing } from '../../workflows/ports.ts'
import { findMine, type Engine } from './engine.ts'
import { statusOf } from './failures.ts'

/** Of the last lines that go with an ending: so many, and so many bytes. */
export const mostLines = 20
export const mostBytes = 2048
/** Of the lines that a member asks for. */
const mostAsked = 64 * 1024

export async function logs(engine: Engine, it: Berthing, lines: number): Promise<readonly string[]> {
  const mine = await findMine(engine, it)
  return mine ? await readLines(engine, mine.seen.Id, { lines, bytes: mostAsked }) : []
}

/** Empty when the container is gone or has no log: last words are worth having, and nothing waits for them. */
export async function lastLines(engine: Engine, id: string): Promise<readonly string[]> {
  return await readLines(engine, id, { lines: mostLines, bytes: mostBytes })
}

async function readLines({ client }: Engine, id: string, most: { lines: number; bytes: number }): Promise<readonly string[]> {
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

/** The last of it within both limits. Bytes that are no UTF-8 show as U+FFFD; control characters do not reach a terminal. */
export function tidy(text: Buffer, most: { lines: number; bytes: number }): readonly string[] {
  const lines = text.toString('utf8').split(/\r?\n/).map(plain)
  while (lines.at(-1) === '') lines.pop()
  const kept: string[] = []
  let room = most.bytes
  for (const line of lines.slice(-most.lines).reverse()) {
    const size = Buffer.byteLength(line) + 1
    if (size > room) {
      if (kept.length === 0) kept.push(cut(line, room))
      break
    }
    kept.push(line)
    room -= size
  }
  return kept.reverse()
}

/** Without escape sequences (ECMA-48 CSI and OSC) and other control characters but the tab. */
const plain = (line: string) => line.replace(/\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)?|[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, '')

/** The end of a line that is too long, cut between characters. */
function cut(line: string, bytes: number): string {
  const raw = Buffer.from(line)
  let from = Math.max(0, raw.length - bytes)
  while (from < raw.length && ((raw[from] ?? 0) & 0xc0) === 0x80) from++
  return raw.subarray(from).toString('utf8')
}
