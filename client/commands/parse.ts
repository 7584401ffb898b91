/** Words of a command line → a command of the table and what was given to it. Values are read by `read.ts`. */
import type { Refusal } from '../../workflows/refusals.ts'
import type { Command, Where } from './command.ts'
import { guess } from './guess.ts'
import { type Given, readArguments, unknownArgument } from './read.ts'
import { table, tableOf } from './table.ts'
import { quote } from './values.ts'

/** Flags that belong to the program and not to a command. */
export interface Globals {
  /** Answers as one JSON object. */
  readonly json: boolean
  readonly help: boolean
  readonly gateway?: string
}

export type Parsed =
  | { readonly refusal: Refusal; readonly globals: Globals }
  | { readonly command: Command; readonly given: Given; readonly args: Readonly<Record<string, unknown>>; readonly globals: Globals }

const bad = (sentence: string): Refusal => ({ kind: 'badLine', sentence })

/** `where` decides which of the program's own flags there are: a chat line has none but `--help`. */
export function parse(words: readonly string[], where: Where = 'terminal'): Parsed {
  const globals = { json: false, help: false } as { json: boolean; help: boolean; gateway?: string }
  const left = [...words]
  // The program's own flags may also stand before the command.
  while (left[0]?.startsWith('-') === true) {
    const problem = takeGlobal(left, globals, where)
    if (problem) return { refusal: problem, globals }
  }
  if (left.length === 0) return parsed(commandOf('help'), {}, globals)
  const command = findCommand(left, where)
  if ('refusal' in command) return { ...command, globals }
  const given = collect(command, left.slice(command.name.split(' ').length), { globals, where })
  if ('refusal' in given) return { ...given, globals }
  if (globals.help) return parsed(commandOf('help'), command.name === 'help' ? {} : { command: command.name.split(' ') }, globals)
  return parsed(command, given.given, globals)
}

function parsed(command: Command, given: Given, globals: Globals): Parsed {
  const read = readArguments(command, given)
  return 'refusal' in read ? { refusal: read.refusal, globals } : { command, given, args: read.value, globals }
}

export function commandOf(name: string): Command {
  const command = table.find((one) => one.name === name)
  if (!command) throw new Error(`The table has no ${name}.`)
  return command
}

/** The command that the first words name, by the longest name that there is. */
export const named = (words: readonly string[], here: readonly Command[]): Command | undefined =>
  [3, 2, 1].map((many) => here.find((command) => command.name === words.slice(0, many).join(' '))).find((found) => found !== undefined)

/** The same, or what to write instead. */
export function findCommand(words: readonly string[], where: Where = 'terminal'): Command | { readonly refusal: Refusal } {
  const one = words[0] ?? '', two = `${one} ${words[1] ?? ''}`
  const here = tableOf(where)
  const found = named(words, here)
  if (found) return found
  const family = here.filter((command) => command.name.startsWith(`${one} `)).map((command) => command.name)
  const elsewhere = table.find((command) => command.name === one)
  if (elsewhere) return { refusal: bad(`berth ${one} is for a ${elsewhere.where ?? where}${elsewhere.because === undefined ? '' : `, for ${elsewhere.because}`}; berth help lists what there is here.`) }
  // What only admins may is never put into anybody's mind in a chat.
  const names = family.length > 0 ? family : here.filter(({ who }) => where === 'terminal' || who !== 'admin').map((command) => command.name)
  const typed = family.length > 0 ? two.trim() : one
  const near = guess(typed, names)
  if (near !== undefined && typed !== one) return { refusal: bad(`There is no command ${quote(typed)}; did you mean ${near}?`) }
  if (family.length > 0) return { refusal: bad(`${quote(one)} needs one more word: ${family.map((name) => name.slice(one.length + 1)).join(', ')}.`) }
  return { refusal: bad(`There is no command ${quote(typed)}; ${near === undefined ? 'berth help lists them all.' : `did you mean ${near}?`}`) }
}

type Collecting = { readonly globals: { json: boolean; help: boolean; gateway?: string }; readonly where: Where }

function collect(command: Command, words: string[], { globals, where }: Collecting): { readonly given: Given } | { readonly refusal: Refusal } {
  const given = new Map<string, unknown>()
  const places = Object.entries(command.arguments).filter(([, argument]) => argument.as === 'place')
  let onlyPlaces = false
  while (words.length > 0) {
    const word = words[0] ?? ''
    if (word === '--' && !onlyPlaces) {
      onlyPlaces = true
      words.shift()
    } else if (!onlyPlaces && word.startsWith('-') && word !== '-') {
      const problem = takeFlag(command, words, given)
      if (problem === 'unknown') {
        const other = takeGlobal(words, globals, where)
        if (other) return { refusal: isGlobal(word, where) ? other : unknownArgument(command, word.replace(/^-+/, '').split('=')[0] ?? '').refusal }
      } else if (problem) return { refusal: problem }
    } else {
      const next = places.find(([name, argument]) => argument.many || !given.has(name))
      if (!next) return { refusal: bad(`${quote(word)} is one word too many; berth help ${command.name} shows how it is written.`) }
      add(given, next[0], { word, many: next[1].many })
      words.shift()
    }
  }
  return { given: Object.fromEntries(given) }
}

function takeFlag(command: Command, words: string[], given: Map<string, unknown>): Refusal | 'unknown' | undefined {
  const { name, glued } = split(words[0] ?? '')
  const argument = Object.hasOwn(command.arguments, name) ? command.arguments[name] : undefined
  if (!argument || argument.as === 'place') return 'unknown'
  words.shift()
  if (argument.as === 'switch') {
    if (glued !== undefined) return bad(`--${name} takes no value; write it alone.`)
    given.set(name, true)
    return undefined
  }
  if (argument.as === 'rest') {
    const all = [...glued === undefined ? [] : [glued], ...words.splice(0)]
    if (all.length === 0) return bad(`--${name} needs what follows it, like --${name} ${argument.value.sample} 60.`)
    given.set(name, all)
    return undefined
  }
  const word = glued ?? words.shift()
  // `-5m` is a bad value and is told so; `--port` is a flag, so the value before it was forgotten.
  if (word === undefined || (glued === undefined && word.startsWith('--'))) {
    return bad(`--${name} needs ${argument.value.label}, like --${name} ${argument.value.sample}.`)
  }
  if (!argument.many && given.has(name)) return bad(`--${name} is there twice; say it once.`)
  add(given, name, { word, many: argument.many })
  return undefined
}

function add(given: Map<string, unknown>, name: string, { word, many }: { word: string; many: boolean }): void {
  given.set(name, many ? [...(given.get(name) as string[] | undefined ?? []), word] : word)
}

function split(word: string): { name: string; glued?: string } {
  const at = word.indexOf('=')
  const name = (at < 0 ? word : word.slice(0, at)).replace(/^--/, '')
  return at < 0 ? { name } : { name, glued: word.slice(at + 1) }
}

const isGlobal = (word: string, where: Collecting['where']): boolean =>
  ['-h', '--help', ...where === 'terminal' ? ['--json', '--gateway'] : []].includes(word.split('=')[0] ?? '')

function takeGlobal(words: string[], globals: Collecting['globals'], where: Collecting['where']): Refusal | undefined {
  const word = words[0] ?? ''
  if (!isGlobal(word, where)) return bad(`There is no ${quote(word)}; berth help lists what there is.`)
  words.shift()
  const { name, glued } = split(word)
  if (name === 'gateway') {
    const url = glued ?? words.shift()
    if (url === undefined || url === '') return bad('--gateway needs URL, like --gateway https://berth.example.org.')
    globals.gateway = url
  } else if (glued !== undefined) return bad(`--${name} takes no value; write it alone.`)
  else if (name === 'json') globals.json = true
  else globals.help = true
  return undefined
}
