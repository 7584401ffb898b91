/** From what was given (words of a terminal, of a chat line, or a JSON body) to what a command gets. One reader for all. */
import type { Refusal } from '../../workflows/refusals.ts'
import type { Argument, ArgsOf, Arguments, Command, Read } from './command.ts'
import { guess } from './guess.ts'
import { quote } from './values.ts'

/** Argument by name, as text, numbers or lists of them. */
export type Given = Readonly<Record<string, unknown>>

const bad = (sentence: string): { readonly refusal: Refusal } => ({ refusal: { kind: 'badLine', sentence } })

export function readArguments<A extends Arguments>(command: Command<A>, given: Given): Read<ArgsOf<A>> {
  const names = Object.keys(command.arguments)
  // Own names only, so that a `__proto__` in a body is just one more unknown argument.
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) return unknownArgument(command, name)
  }
  const args: [string, unknown][] = []
  for (const [name, argument] of Object.entries(command.arguments)) {
    const read = readOne(command, { name, argument }, Object.hasOwn(given, name) ? given[name] : undefined)
    if ('refusal' in read) return read
    args.push([name, read.value])
  }
  return { value: Object.fromEntries(args) as ArgsOf<A> }
}

export function unknownArgument(command: Command, name: string): { readonly refusal: Refusal } {
  const near = guess(name, Object.keys(command.arguments))
  return bad(near === undefined
    ? `${command.name} knows no ${quote(`--${name}`)}; berth help ${command.name} shows what it knows.`
    : `${command.name} knows no ${quote(`--${name}`)}; did you mean --${near}?`)
}

function readOne(command: Command, { name, argument }: { name: string; argument: Argument }, given: unknown): Read<unknown> {
  const shown = argument.as === 'place' ? argument.value.label : `--${name}`
  if (argument.as === 'switch') {
    return given === undefined || typeof given === 'boolean'
      ? argument.gather([given])
      : bad(`${shown} takes no value; write it alone, or true and false in JSON.`)
  }
  const texts = textsOf(argument, given)
  if (texts === undefined) {
    return bad(`${shown} needs ${argument.many ? 'words' : 'a word'} like ${argument.value.sample}, not something else in JSON.`)
  }
  if (texts.length === 0 && argument.required) {
    return bad(`${command.name} needs ${argument.as === 'place' ? shown : `${shown} ${argument.value.label}`}, like: berth ${command.examples[0] ?? command.name}`)
  }
  const values: unknown[] = []
  for (const text of texts) {
    // A word of the container's own command may be empty; nothing else may.
    if (text === '' && argument.as !== 'rest') return bad(`${shown} is empty; write it like ${argument.value.sample}, or leave it out.`)
    const read = argument.value.read(text)
    if ('refusal' in read) return read
    values.push(read.value)
  }
  return argument.gather(values)
}

function textsOf(argument: Argument, given: unknown): string[] | undefined {
  if (given === undefined || given === null) return []
  const list = Array.isArray(given) ? given as unknown[] : argument.many && isPairs(given)
    ? Object.entries(given).map(([key, value]) => typeof value === 'string' ? `${key}=${value}` : undefined) : [given]
  if (Array.isArray(given) && !argument.many) return undefined
  const texts = list.map((one) => typeof one === 'string' ? one : typeof one === 'number' && Number.isFinite(one) ? String(one) : undefined)
  return texts.every((one) => one !== undefined) ? texts : undefined
}

const isPairs = (given: unknown): given is Record<string, unknown> => typeof given === 'object' && given !== null && !Array.isArray(given)
