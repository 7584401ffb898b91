/** A line of a message taken apart: `**bold**`, `` `code` `` and plain text are all there is, whoever wrote what is between them. */
export interface Span {
  readonly as: 'plain' | 'bold' | 'code'
  readonly text: string
}

const marked = /\*\*(?<bold>.+?)\*\*|`(?<code>[^`]+)`/gu

export function spansOf(line: string): readonly Span[] {
  const text = onOneLine(line), spans: Span[] = []
  let at = 0
  for (const { 0: whole, index, groups } of text.matchAll(marked)) {
    if (index > at) spans.push({ as: 'plain', text: text.slice(at, index) })
    spans.push(groups?.['bold'] !== undefined ? { as: 'bold', text: groups['bold'] } : { as: 'code', text: groups?.['code'] ?? '' })
    at = index + whole.length
  }
  if (at < text.length) spans.push({ as: 'plain', text: text.slice(at) })
  return spans
}

/** A break would begin a line of its own, which a card never wrote; marks of direction would turn the rest of it around. */
const onOneLine = (line: string): string =>
  line.replace(/\s*[\r\n\u0085\u2028\u2029]\s*/gu, ' ').replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/gu, '�')

/** A part of a line on its way to a platform; without `write` it is written already, and never cut. */
export interface Piece {
  readonly text: string
  readonly write?: (text: string) => string
}

/** The lines as they are written, at most `most` characters with an ellipsis where the rest was. */
export function fit(lines: readonly (readonly Piece[])[], most: number): string {
  const room = most - 1
  let out = ''
  for (const [n, line] of lines.entries()) {
    if (n > 0 && out.length < room) out += '\n'
    for (const { text, write = same } of line) {
      const whole = write(text)
      if (out.length + whole.length <= room) {
        out += whole
        continue
      }
      return `${out}${write === same ? '' : longestPart(text, write, room - out.length)}…`
    }
  }
  return out
}

const same = (text: string): string => text

/** The longest beginning that fits; whole characters, for half of one is none. */
function longestPart(text: string, write: (text: string) => string, room: number): string {
  const letters = [...text.slice(0, room * 2)] // more than fits, so that none of those that do is cut in half
  let fits = 0, over = letters.length + 1
  while (over - fits > 1) {
    const middle = Math.floor((fits + over) / 2)
    if (write(letters.slice(0, middle).join('')).length <= room) fits = middle
    else over = middle
  }
  return fits === 0 ? '' : write(letters.slice(0, fits).join(''))
}
