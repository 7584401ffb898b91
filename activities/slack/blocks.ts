/** A message as Block Kit: one section, and a row of buttons when there are any. */
import type { ChatPostMessageArguments } from '@slack/web-api'
import type { SealedButton, SealedMessage } from '../../workflows/ports.ts'
import { fit, type Piece, type Span, spansOf } from '../../workflows/rules/markup.ts'

type Blocks = Extract<ChatPostMessageArguments, { readonly blocks: object }>['blocks']
type Actions = Extract<Blocks[number], { type: 'actions' }>
type Button = Extract<Actions['elements'][number], { type: 'button' }>

/** What a section holds; docs.slack.dev, "Section block". */
const mostText = 3000

export interface Content {
  /** What a notification shows, and a screen reader reads. */
  readonly text: string
  readonly blocks: Blocks
}

export function blocksOf({ lines, buttons }: SealedMessage): Content {
  const text = fit(lines.map((line) => spansOf(line).flatMap(piecesOf)), mostText) || '…'
  // Verbatim: only what is written here as markup is markup, no address or @name becomes a link by itself.
  return { text, blocks: [{ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }, ...(buttons.length > 0 ? [rowOf(buttons)] : [])] }
}

/**
 * Shown by each client in its reader's own zone and manner. A member could write the same in a name, and it would show a
 * moment; that is all that this exact shape can do.
 */
export const dateOf = (at: number): string =>
  `<!date^${Math.floor(at / 1000)}^{date_short_pretty} {time}|${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC>`

const date = /(<!date\^\d{1,12}\^\{date_short_pretty\} \{time\}\|\d{4}-\d\d-\d\d \d\d:\d\d UTC>)/

function piecesOf({ as, text }: Span): readonly Piece[] {
  switch (as) {
    case 'bold': return [{ text, write: (part) => `*${literally(part)}*` }]
    case 'code': return [{ text, write: (part) => `\`${escaped(part)}\`` }]
    case 'plain': return text.split(date).map((part, n) => n % 2 === 1 ? { text: part } : { text: part, write: literally })
    default: return as satisfies never
  }
}

/** Slack takes these three for its own; docs.slack.dev, "Escaping text". */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Slack has no escape for its formatting characters. At the edge of a word, where alone they act, one that looks like it stands for each. */
const literally = (text: string): string =>
  escaped(text).replace(/(?<![\p{L}\p{N}])[*_~]|[*_~](?![\p{L}\p{N}])|`/gu, (mark) => lookAlikes[mark] ?? mark)

const lookAlikes: Readonly<Record<string, string>> = { '*': '∗', '_': 'ˍ', '~': '∼', '`': 'ˋ' }

const rowOf = (buttons: readonly SealedButton[]): Actions => ({ type: 'actions', elements: buttons.map(buttonOf) })

const buttonOf = ({ verb, label, style, confirm, context }: SealedButton): Button => ({
  type: 'button', action_id: verb, text: plain(label, 75), value: context,
  ...(style === 'danger' && { style }),
  ...(confirm !== undefined && {
    confirm: { title: plain(label, 100), text: plain(confirm, 300), confirm: plain(label, 30), deny: plain('No', 30), ...(style === 'danger' && { style }) },
  }),
})

const plain = (text: string, most: number): Button['text'] =>
  ({ type: 'plain_text', text: text.length > most ? `${text.slice(0, most - 1)}…` : text, emoji: false })
