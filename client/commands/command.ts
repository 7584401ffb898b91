/**
 * The shape of a row in the one command table. A row drives parsing (terminal, chat line, JSON), help, completion, the
 * gateway's API and its OpenAPI description, so a new command or argument is written once.
 *
 * Why not a command-line library: the same row must read an argv, a chat line and a JSON body, answer with a refusal
 * kind rather than printed text, and render as a schema; @stricli/core writes its own sentences to a stream, prints
 * stack traces unless overridden, has no argument that takes the rest of the line, and knows no refusal kinds.
 */
import type { Refusal } from '../../workflows/refusals.ts'
import type { Door } from './door.ts'

export type Schema = Readonly<Record<string, unknown>>
export type Read<T> = { readonly value: T } | { readonly refusal: Refusal }

/** How one value is written, read, shown and described. */
export interface Value<T = unknown> {
  /** Its place in a usage line, like DURATION. */
  readonly label: string
  readonly sample: string
  readonly schema: Schema
  /** Words that completion may offer. */
  readonly choices?: readonly string[]
  read(text: string): Read<T>
}

/** One argument; `T` is what the command gets. */
export interface Argument<T = unknown> {
  /** `place`: by position. `flag`: `--name VALUE`. `switch`: `--name`. `rest`: `--name` and all that follows on the line. */
  readonly as: 'place' | 'flag' | 'switch' | 'rest'
  readonly value: Value
  readonly many: boolean
  readonly required: boolean
  readonly summary: string
  /** Turns the values that were read into what the command gets, and may refuse them together. */
  gather(values: readonly unknown[]): Read<T>
}

export type Arguments = Readonly<Record<string, Argument>>
export type ArgsOf<A extends Arguments> = { readonly [K in keyof A]: A[K] extends Argument<infer T> ? T : never }

/** Who may use it: anybody, whoever is logged in, or an admin by directory group at that moment. */
export type Who = 'anyone' | 'member' | 'admin'

/** Where a line is typed. */
export type Where = 'terminal' | 'chat'

export interface Command<A extends Arguments = Arguments, R = unknown> {
  /** One word, two for the verbs of admins, three for set-up. */
  readonly name: string
  readonly summary: string
  readonly who: Who
  /** Only there; absent: everywhere. */
  readonly where?: Where
  /** Why only there; told to whoever types it elsewhere. */
  readonly because?: string
  readonly arguments: A
  /** Lines as one would type them, without the program's name. */
  readonly examples: readonly string[]
  /** What the answer holds, in a sentence. */
  readonly answer: string
  /** Asks Temporal for an update, so it counts against the member's limit. */
  readonly changes?: boolean
  /** At the gateway. Absent: the terminal does it by itself. */
  run?(args: ArgsOf<A>, door: Door): Promise<R>
  /** The answer in words. Times are told in the reader's own time zone. */
  say?(answer: R): string
}

export const defineCommand = <A extends Arguments, R>(command: Command<A, R>): Command<A, R> => command

// Makers of arguments ---------------------------------------------------------------------------------------------------

const first = <T>(values: readonly unknown[]): Read<T> => ({ value: values[0] as T })

/** By position, and needed. */
export const place = <T>(value: Value<T>, summary: string): Argument<T> =>
  ({ as: 'place', value, many: false, required: true, summary, gather: first })

/** By position, may be left out. */
export const maybe = <T>(value: Value<T>, summary: string): Argument<T | undefined> =>
  ({ as: 'place', value, many: false, required: false, summary, gather: first })

/** All words that are left. */
export const places = <T, G>(value: Value<T>, summary: string, gather: (values: readonly T[]) => Read<G>): Argument<G> =>
  ({ as: 'place', value, many: true, required: false, summary, gather: (values) => gather(values as readonly T[]) })

/** `--name VALUE`, may be left out. */
export const flag = <T>(value: Value<T>, summary: string): Argument<T | undefined> =>
  ({ as: 'flag', value, many: false, required: false, summary, gather: first })

/** `--name VALUE`, and needed. */
export const needed = <T>(value: Value<T>, summary: string): Argument<T> =>
  ({ as: 'flag', value, many: false, required: true, summary, gather: first })

/** `--name VALUE`, as often as one likes. */
export const flags = <T, G>(value: Value<T>, summary: string, gather: (values: readonly T[]) => Read<G>): Argument<G> =>
  ({ as: 'flag', value, many: true, required: false, summary, gather: (values) => gather(values as readonly T[]) })

const truth: Value<boolean> = { label: '', sample: '', schema: { type: 'boolean' }, read: () => ({ value: true }) }
export const toggle = (summary: string): Argument<boolean> =>
  ({ as: 'switch', value: truth, many: false, required: false, summary, gather: (values) => ({ value: values[0] === true }) })

/** `--name` and everything behind it. */
export const rest = (value: Value<string>, summary: string): Argument<readonly string[] | undefined> =>
  ({ as: 'rest', value, many: true, required: false, summary, gather: (values) => ({ value: values.length > 0 ? values as string[] : undefined }) })
