/** What a chat answers, before a platform renders it. */
import type { Refusal } from '../../../workflows/refusals.ts'
import { table } from '../../commands/table.ts'
import { printable } from '../../commands/words.ts'

export interface Reply {
  /** One paragraph; `code` is shown below it as it is, in letters of one width. */
  readonly text: string
  readonly code?: string
}

/** The most that a message holds on every platform. */
const longest = 3000

/** An answer of a command: a line is a sentence, more are a table or a listing. */
export const replyOf = (said: string): Reply => said.includes('\n') ? { text: '', code: fenced(said) } : { text: inChat(said) }

export const refusedReply = ({ sentence }: Refusal): Reply => ({ text: inChat(sentence) })

const verbs = [...new Set(table.map(({ name }) => name.split(' ')[0]!))].join('|')
const spoken = new RegExp(`\\bberth (?=(?:${verbs})\\b)`, 'g')

/** Sentences name commands as a terminal knows them; in a chat each begins with a slash. */
export const inChat = (sentence: string): string => cut(printable(sentence).replaceAll('```', "'''").replace(spoken, '/berth '))

/** Nothing in it ends the block that it is shown in. */
const fenced = (text: string): string => cut(printable(text).replaceAll('```', "'''"))

const cut = (text: string): string => text.length > longest ? `${text.slice(0, longest)}…` : text
