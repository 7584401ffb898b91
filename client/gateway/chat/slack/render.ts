/** A reply in Slack's own markup. */
import type { Reply } from '../reply.ts'

/** What Slack shows well as one message (docs.slack.dev, chat.postMessage: 4,000 characters), and what a text of a block holds. */
export const mostOfMessage = 4000, mostOfBlock = 3000

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** Seen by whoever typed or clicked alone. */
export interface Ephemeral {
  readonly response_type: 'ephemeral'
  readonly text: string
}

export const ephemeral = (reply: Reply): Ephemeral => ({ response_type: 'ephemeral', text: render(reply) })

/** With `& < >` escaped, so that no name becomes a mention or a link, and cut to `most` characters as they are sent. */
export function render({ text, code }: Reply, most: number = mostOfMessage): string {
  const sentence = escape(text, most)
  if (code === undefined) return sentence
  const before = sentence === '' ? '```\n' : `${sentence}\n\`\`\`\n`, after = '\n```'
  const room = most - before.length - after.length
  return room > 0 ? `${before}${escape(code.replaceAll('```', "'''"), room)}${after}` : sentence
}

/** Never cuts within a letter or an entity. */
function escape(text: string, room: number): string {
  const whole = text.replace(/[&<>]/g, (letter) => entities[letter]!)
  if (whole.length <= room) return whole
  let cut = ''
  for (const letter of text) {
    const written = entities[letter] ?? letter
    if (cut.length + written.length >= room) break
    cut += written
  }
  return `${cut}…`
}
