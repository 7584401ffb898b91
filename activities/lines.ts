/** Lines of a log, fit to be shown: UTF-8, no control characters, within limits. */

export interface MostLines {
  readonly lines: number
  readonly bytes: number
}

/** Of the last lines that go with an ending. */
export const lastWords: MostLines = { lines: 20, bytes: 2048 }
/** Bytes of the lines that a member asks for. */
export const mostAsked = 64 * 1024

/** The last of it within both limits. Bytes that are no UTF-8 show as U+FFFD; control characters do not reach a terminal. */
export function tidy(text: Buffer, most: MostLines): readonly string[] {
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
