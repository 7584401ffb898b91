/** The shape of each part of a policy file: what one key says. What keys say together is for `group.ts` and `read.ts`. */
import { z } from 'zod'
import { parseCpu, parseMemory } from '../../workflows/rules/amount.ts'
import { parseDuration } from '../../workflows/rules/duration.ts'
import { isPattern, isReference } from '../../workflows/rules/images.ts'
import type { RuntimeKind } from '../../workflows/terms.ts'

/** One value, read from text or number; `shape` ends the sentence "must be …". */
function value<T>(shape: string, read: (text: string) => T | undefined) {
  return z.unknown().transform((input, ctx): T => {
    if (typeof input === 'string' || typeof input === 'number') {
      const found = read(String(input))
      if (found !== undefined) return found
    }
    ctx.issues.push({ code: 'custom', input, message: input === undefined ? `is needed: ${shape}.` : `must be ${shape}.` })
    return z.NEVER
  })
}

const matching = (shape: string, pattern: RegExp) => value(shape, (text) => (pattern.test(text) ? text : undefined))
const oneOf = <T extends string>(...words: readonly T[]) =>
  value(words.join(' or '), (text) => words.find((word) => word === text))

const kind = oneOf<RuntimeKind>('docker', 'kubernetes')

const duration = value('a duration such as 2h30m, 45s or 3d', (text) => parseDuration(text, { seconds: true }))
const ahead = value('a duration above zero, such as 2h30m', (text) => parseDuration(text, { seconds: true }) || undefined)
const memory = value('an amount of memory such as 512Mi, 1Gi or 512MB', parseMemory)
const cpu = value('a number of cores such as 0.5 or 2', parseCpu)
const whole = (most: number) => (text: string) =>
  (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= most ? Number(text) : undefined)
const count = value('a whole number from 1 to 10000', whole(10_000))
const gpus = value('a whole number of GPUs from 0 to 10000', (text) => (text === '0' ? 0 : whole(10_000)(text)))
const port = value('a port from 1 to 65535', whole(65_535))
const share = value('a share of one core such as 1%', (text) => {
  const percent = /^(\d{1,3}(?:\.\d{1,3})?)\s?%$/.exec(text)
  const found = Number(percent?.[1])
  return found > 0 && found <= 100 ? found / 100 : undefined
})
const word = (shape: string) => matching(shape, /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/)
/** A directory's group: any name but control characters; lower case, since directories ignore it. */
const group = value('the name of a directory group', (text) =>
  (/^[^\p{Cc}]{1,200}$/u.test(text) ? text.toLowerCase() : undefined))
/** Words of a command, none with a NUL, which no engine takes. */
const commandWord = value('a word', (text) => (text !== '' && !text.includes('\0') ? text : undefined))
const zone = value('a DNS zone such as campus.example.org, without a dot at its end', (text) => {
  const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?$/
  return text.length <= 200 && text.split('.').every((part) => label.test(part)) ? text : undefined
})

const about = value('one line of at most 200 letters', (text) => (/^[^\p{Cc}]{1,200}$/u.test(text) ? text : undefined))
const ports = z.array(port, 'must be a list of ports such as [80, 443].').max(64, 'holds more than 64 ports.')
  .refine((all) => new Set(all).size === all.length, 'holds a port twice.')
const command = z.array(commandWord, 'must be a list of words such as [sleep, infinity].').min(1, 'holds no word.')

const reference = value('an image reference such as nginx:1.27, in lower case',
  (text) => (isReference(text) ? text : undefined))
export const imageKey = value('a short name such as web, or a pattern such as "python:*"',
  (text) => (/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(text) || isPattern(text) ? text : undefined))
export const imageSchema = z.strictObject({
  reference: reference.optional(),
  ports: ports.optional(), command: command.optional(), on: kind.optional(), about: about.optional(),
})

export const siteKey = word('a name in lower-case letters, digits and -')
export const siteSchema = z.strictObject({
  zone,
  hosts: z.array(word('a host name in lower-case letters, digits and -'), 'must be a list of hosts such as [alpha, beta].')
    .min(1, 'lists no host.'),
  ttl: duration.optional(), negativeTtl: duration.optional(), drain: oneOf('stay', 'move').optional(),
  ingressClass: matching('the name of an ingress class such as nginx', /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/).optional(),
})

const stages = z.strictObject({ notice: ahead, pause: ahead, delete: ahead, cpuShare: share.optional() })
const idle = z.union([z.literal('never'), stages],
  { error: 'must be never, or notice, pause and delete with a duration each, and cpuShare.' })

/** A group, and the defaults of all groups: every key may be left out. */
export const groupSchema = z.strictObject({
  images: z.array(value('an image', (text) => text), 'must be a list of images such as [web, "python:*"].').optional(),
  sites: z.array(value('a site', (text) => text), 'must be a list of sites in the order in which they are tried.').optional(),
  cpu: cpu.optional(), memory: memory.optional(), count: count.optional(),
  totalCpu: cpu.optional(), totalMemory: memory.optional(), gpu: gpus.optional(),
  on: z.array(kind, 'must be a list of kinds of hosts such as [docker, kubernetes].').min(1, 'lists no kind of host.').optional(),
  security: oneOf('restricted', 'baseline').optional(),
  default: ahead.optional(), longest: ahead.optional(), longestWait: duration.optional(),
  extend: z.strictObject({ step: duration.optional(), window: duration.optional(), cap: ahead.optional() }).optional(),
  warn: z.array(ahead, 'must be a list of durations such as [30m, 5m].').max(10, 'holds more than 10 warnings.').optional(),
  grace: duration.optional(),
  restart: oneOf('never', 'always').optional(),
  narrowed: oneOf('keep', 'end').optional(),
  idle: idle.optional(),
})
export type GroupText = z.infer<typeof groupSchema>
export type ImageText = z.infer<typeof imageSchema>
export type SiteText = z.infer<typeof siteSchema>

export const clocksSchema = z.strictObject({
  receipt: ahead.optional(), recheck: ahead.optional(), recheckApart: ahead.optional(), trust: duration.optional(),
  accountIdle: ahead.optional(), hostSilent: ahead.optional(), hostLost: ahead.optional(), check: ahead.optional(),
  hostQueue: ahead.optional(), step: ahead.optional(), roomAgain: ahead.optional(),
})

export const groupKey = group
export const adminsSchema = z.array(group, 'must be a list of directory groups.')

export const sections = ['admins', 'groups', 'defaults', 'images', 'sites', 'clocks'] as const
