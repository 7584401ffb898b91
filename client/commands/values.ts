/** How each kind of value is written, read and described. Reading never throws: bad input is a refusal with the next step. */
import { parseCpu, parseMemory } from '../../workflows/rules/amount.ts'
import { parseDuration } from '../../workflows/rules/duration.ts'
import { checkName, longestName } from '../../workflows/rules/name.ts'
import { isPort, noPort, twiceRefusal } from '../../workflows/rules/ports.ts'
import type { Refusal, RefusalKind } from '../../workflows/refusals.ts'
import type { Read, Value } from './command.ts'

const no = (kind: RefusalKind, sentence: string): { readonly refusal: Refusal } => ({ refusal: { kind, sentence } })

/** What a member typed, safe to say back: no control characters, no code fence, not longer than a line. */
export function quote(text: string): string {
   
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').replaceAll('```', "'''")
  return `“${plain.length > 60 ? `${plain.slice(0, 60)}…` : plain}”`
}

 
const control = /[\u0000-\u001f\u007f]/

/** A word with no meaning of its own. */
export const word = (label: string, sample: string): Value<string> => ({
  label, sample, schema: { type: 'string', minLength: 1, maxLength: 200, examples: [sample] },
  read: (text) => text.length > 200 || control.test(text)
    ? no('badLine', `${quote(text)} cannot be ${label}; write it like ${sample}.`)
    : { value: text },
})

/** A text that people read, such as a reason. */
export const sentence = (label: string, sample: string): Value<string> => word(label, sample)

/** An alias of the policy or an image reference. Whether it exists is for the account to say. */
export const image: Value<string> = {
  label: 'IMAGE', sample: 'nginx:1.27', schema: { type: 'string', minLength: 1, maxLength: 255, examples: ['nginx:1.27'] },
  read: (text) => /^[A-Za-z0-9][A-Za-z0-9._\-/:@]{0,254}$/.test(text)
    ? { value: text }
    : no('unknownImage', `${quote(text)} cannot be an image; write it like nginx:1.27.`),
}

export const leaseName: Value<string> = {
  label: 'NAME', sample: 'web',
  schema: { type: 'string', pattern: '^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$', maxLength: longestName, examples: ['web'] },
  read: (text) => {
    const refusal = checkName(text)
    return refusal ? { refusal } : { value: text }
  },
}

/** A lease by its name, label or key. */
export const lease: Value<string> = word('LEASE', 'web')

export const duration: Value<number> = {
  label: 'DURATION', sample: '2h30m', schema: { type: 'string', description: 'Like 90m, 2h30m, 1.5h or 1 day.', examples: ['2h30m'] },
  read: (text) => {
    const ms = parseDuration(text)
    return ms === undefined || ms === 0
      ? no('badDuration', `${quote(text)} is no length of time; write it like 90m, 2h30m, 1.5h or 1 day.`)
      : { value: ms }
  },
}

export const memory: Value<number> = {
  label: 'MEMORY', sample: '512Mi', schema: { type: 'string', description: 'Like 512Mi or 2Gi.', examples: ['512Mi'] },
  read: (text) => {
    const bytes = parseMemory(text)
    return bytes === undefined ? no('badLine', `${quote(text)} is no amount of memory; write it like 512Mi or 2Gi.`) : { value: bytes }
  },
}

export const cpu: Value<number> = {
  label: 'CPU', sample: '0.5', schema: { type: ['number', 'string'], description: 'Cores, like 0.5.', examples: [0.5] },
  read: (text) => {
    const cores = parseCpu(text)
    return cores === undefined ? no('badLine', `${quote(text)} is no amount of cpu; write it like 0.5 or 2.`) : { value: cores }
  },
}

export const port: Value<number> = {
  label: 'PORT', sample: '8080', schema: { type: 'integer', minimum: 1, maximum: 65535, examples: [8080] },
  read: (text) => /^\d{1,5}$/.test(text) && isPort(Number(text)) ? { value: Number(text) } : { refusal: noPort(quote(text)) },
}

/** Each port once. */
export function eachOnce(ports: readonly number[]): Read<readonly number[]> {
  const refusal = twiceRefusal(ports)
  return refusal ? { refusal } : { value: ports }
}

export const variable: Value<readonly [string, string]> = {
  label: 'KEY=VALUE', sample: 'GREETING=hello',
  schema: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*=', examples: ['GREETING=hello'] },
  read: (text) => {
    const at = text.indexOf('=')
    // The text is not said back: it may be a secret whose name was forgotten.
    if (at < 0) return no('badEnv', 'An environment variable needs a “=”; write --env GREETING=hello.')
    const key = text.slice(0, at), value = text.slice(at + 1)
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(key)) {
      return no('badEnv', 'The name of an environment variable has letters, digits and _, and begins with no digit; write --env GREETING=hello.')
    }
    if (value.includes('\u0000')) return no('badEnv', `The value of ${key} holds a zero byte; leave it out.`)
    return { value: [key, value] }
  },
}

/** All together must fit one message to the engine. */
const mostEnvBytes = 32 * 1024

export function asEnv(pairs: readonly (readonly [string, string])[]): Read<Readonly<Record<string, string>> | undefined> {
  if (pairs.length === 0) return { value: undefined }
  const keys = pairs.map(([key]) => key)
  const twice = keys.find((key, at) => keys.indexOf(key) !== at)
  if (twice !== undefined) return no('badEnv', `The variable ${twice} is there twice; set each one once.`)
  if (pairs.reduce((sum, [key, value]) => sum + Buffer.byteLength(key + value) + 2, 0) > mostEnvBytes) {
    return no('badEnv', `The environment has more than ${mostEnvBytes / 1024} KiB; put large things into the image.`)
  }
  return { value: Object.fromEntries(pairs) }
}

/** One word of a command line that the container runs. */
export const argument: Value<string> = {
  label: 'WORD', sample: 'sleep', schema: { type: 'string', maxLength: 4096, examples: ['sleep'] },
  read: (text) => text.length > 4096 || text.includes('\u0000')
    ? no('badCommand', 'A word of the command is longer than 4096 characters or holds a zero byte; put it into the image.')
    : { value: text },
}

export const count = (label: string, most: number, sample = 50): Value<number> => ({
  label, sample: String(sample), schema: { type: 'integer', minimum: 1, maximum: most, examples: [sample] },
  read: (text) => /^\d{1,6}$/.test(text) && Number(text) >= 1 && Number(text) <= most
    ? { value: Number(text) }
    : no('badLine', `${label} is a whole number from 1 to ${most}, and ${quote(text)} is not; write it like ${sample}.`),
})

/** A moment: a day (its end, UTC) or an ISO 8601 time with its zone. */
export const moment: Value<number> = {
  label: 'DATE', sample: '2027-01-31',
  schema: { type: 'string', description: 'A day (its end, UTC) or an ISO 8601 time with zone.', examples: ['2027-01-31'] },
  read: (text) => {
    const day = /^\d{4}-\d{2}-\d{2}$/.test(text)
    const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})$/.test(text)
    const at = day ? Date.parse(`${text}T23:59:59Z`) : time ? Date.parse(text) : Number.NaN
    // Date.parse takes 31 February for 3 March, so the day must come back as it was written.
    const real = !Number.isNaN(at) && (time || new Date(at).toISOString().startsWith(text))
    return real ? { value: at } : no('badDuration', `${quote(text)} is no date; write it like 2027-01-31 or 2027-01-31T18:00Z.`)
  },
}

export const choice = <T extends string>(label: string, choices: readonly T[]): Value<T> => ({
  label, sample: choices[0] ?? '', choices, schema: { type: 'string', enum: choices },
  read: (text) => (choices as readonly string[]).includes(text)
    ? { value: text as T }
    : no('badLine', `${quote(text)} is none of ${choices.join(', ')}; write one of them.`),
})
