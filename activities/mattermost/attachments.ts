/** A message as Mattermost shows it: Markdown, and an attachment with its buttons when there are any. */
import type { ButtonVerb } from '../../workflows/link/terms.ts'
import type { SealedButton, SealedMessage } from '../../workflows/ports.ts'
import { fit, type Piece, type Span, spansOf } from '../../workflows/rules/markup.ts'

/** A post holds 16,383 characters; no more is sent than on Slack. */
const mostText = 3000

export interface Content {
  readonly message: string
  /** All of them: an edit replaces what was there, buttons included. */
  readonly props: Readonly<Record<string, unknown>>
}

/** `actionUrl`: where a click is told. The server shows no context to any client. */
export function contentOf({ lines, buttons }: SealedMessage, actionUrl: string): Content {
  const message = fit(lines.map((line) => spansOf(line).map(pieceOf)), mostText)
  const actions = buttons.map((button) => actionOf(button, actionUrl))
  return { message, props: actions.length > 0 ? { attachments: [{ actions }] } : {} }
}

const actionOf = ({ verb, label, style, confirm, context }: SealedButton, url: string) => ({
  id: verb, type: 'button', name: confirm === undefined ? label : `${label} (${consequences[verb]})`,
  ...(style !== undefined && { style }),
  integration: { url, context: { sealed: context } },
})

/** No button of an attachment can ask back, so one that would on another platform says beforehand what it does. */
const consequences: Readonly<Record<ButtonVerb, string>> = { return: 'deletes its files', extend: 'at once', resume: 'at once', logs: 'at once' }

function pieceOf({ as, text }: Span, n: number): Piece {
  switch (as) {
    case 'bold': return { text, write: (part) => `**${literally(part)}**` }
    case 'code': return { text, write: (part) => `\`${part}\`` }
    case 'plain': return { text, write: n > 0 ? literally : (part) => beginning(literally(part)) }
    default: return as satisfies never
  }
}

/** An underscore acts only at the edge of a word, and a # only at its beginning: names of images stay as they are. */
const literally = (text: string): string =>
  text.replace(/[\\`*~[\]<|]|(?<![\p{L}\p{N}])[_#]|_(?![\p{L}\p{N}])/gu, '\\$&')

/** What makes a quotation, a list or a code block of a line that it begins. */
const beginning = (text: string): string => text.trimStart().replace(/^(?:[>+=-]|\d+(?=[.)]))/, (mark) => /\d/.test(mark) ? `${mark}\\` : `\\${mark}`)

/** Mattermost has no moments of its own: they are written for the reader. */
export function dateOf(at: number, timeZone: string | undefined): string {
  try {
    return inZone(at, timeZone ?? 'UTC')
  } catch {
    return inZone(at, 'UTC') // a zone that this machine does not know
  }
}

const inZone = (at: number, timeZone: string): string => new Intl.DateTimeFormat('en-GB', {
  timeZone, weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'short',
}).format(at)
