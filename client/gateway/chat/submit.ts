/** The form of `lend`, filled in: what is wrong is told at its field, and nothing is lost. */
import type { DialogContext } from '../../../workflows/link/terms.ts'
import type { Command } from '../../commands/command.ts'
import { readArguments } from '../../commands/read.ts'
import type { ChatNeeds, From } from './needs.ts'
import { inChat, type Reply } from './reply.ts'
import { run } from './run.ts'
import { openContext, sameUser } from './seal.ts'
import { linkedAsker } from './who.ts'

export type Fields = Readonly<Record<string, unknown>>

/** Undefined for a form that is too old, or none of ours, or somebody else's. */
export function formOf({ user }: Pick<From, 'user'>, state: unknown, { chatSeals, options }: ChatNeeds): DialogContext | undefined {
  const context = openContext(chatSeals, 'dialog', { sealed: state, now: options.now() })
  return context && sameUser(context.who, user) ? context : undefined
}

/** What a command gets of the fields, or what is wrong with which of them. */
export function readForm(command: Command, fields: Fields): { readonly args: Readonly<Record<string, unknown>> } | { readonly errors: Readonly<Record<string, string>> } {
  const given = asGiven(command, Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== '')))
  const errors = wrongFields(command, given)
  if (errors) return { errors }
  const read = readArguments(command, given)
  return 'refusal' in read ? { errors: { [Object.keys(command.arguments)[0]!]: inChat(read.refusal.sentence) } } : { args: read.value }
}

/** Once for each form, however often it is sent. */
export async function submit(from: From, { context, command, args, needs }: {
  readonly context: DialogContext; readonly command: Command; readonly args: Readonly<Record<string, unknown>>; readonly needs: ChatNeeds
}): Promise<Reply> {
  const asker = await linkedAsker(from, needs)
  return run(command, args, { asker, from, needs, requestId: `dialog-${context.id}` })
}

/** A form has one text a field, where a line may have many words. */
const asGiven = (command: Command, fields: Fields): Fields => Object.fromEntries(Object.entries(fields).map(([name, value]) => {
  const many = Object.hasOwn(command.arguments, name) && command.arguments[name]!.many
  return [name, many && typeof value === 'string' ? value.split(/\s+/).filter((word) => word !== '') : value]
}))

/** Each field by itself, so that the form can say at the field what is wrong. */
function wrongFields(command: Command, fields: Fields): Record<string, string> | undefined {
  const wrong: Record<string, string> = {}
  for (const [name, value] of Object.entries(fields)) {
    const argument = Object.hasOwn(command.arguments, name) ? command.arguments[name] : undefined
    if (!argument) continue // `readArguments` refuses it
    for (const text of Array.isArray(value) ? value as unknown[] : [value]) {
      const read = typeof text === 'string' ? argument.value.read(text) : { refusal: { kind: 'badLine', sentence: 'This is no text.' } as const }
      if ('refusal' in read) wrong[name] = inChat(read.refusal.sentence)
    }
  }
  return Object.keys(wrong).length > 0 ? wrong : undefined
}
