/** What a group may do once defaults are filled in, and whether its numbers make sense together. */
import type { GroupTerms } from '../../workflows/rules/entitlement.ts'
import { sayDuration } from '../../workflows/rules/duration.ts'
import type { IdleTerms, RuntimeKind } from '../../workflows/terms.ts'
import type { GroupText } from './schema.ts'

const minute = 60_000, hour = 60 * minute, MiB = 1024 ** 2

/** What holds when neither the group nor `defaults` says otherwise. Sites: all, in the policy's order. Kinds of hosts: all. Images: none. */
export const builtIn = {
  cpu: 1, memory: 512 * MiB, count: 1, default: 2 * hour, longest: 8 * hour, longestWait: 30 * minute,
  extend: { step: hour, window: 30 * minute }, warn: [15 * minute, 5 * minute], grace: 15 * minute,
  restart: 'never', narrowed: 'keep', idle: 'never', cpuShare: 0.01, gpu: 0, security: 'restricted',
} as const

export interface Filled {
  readonly terms: Omit<GroupTerms, 'name' | 'images' | 'sites'>
  readonly images: readonly string[] | undefined
  readonly sites: readonly string[] | undefined
  readonly wrong: readonly (readonly [path: readonly string[], what: string])[]
}

export function fillIn(base: typeof builtIn, defaults: GroupText, group: GroupText): Filled {
  const cpu = group.cpu ?? defaults.cpu ?? base.cpu, memory = group.memory ?? defaults.memory ?? base.memory
  const count = group.count ?? defaults.count ?? base.count
  const longestMs = group.longest ?? defaults.longest ?? base.longest
  // A default that nobody wrote gives way to a shorter longest.
  const defaultMs = group.default ?? defaults.default ?? Math.min(base.default, longestMs)
  const cap = group.extend?.cap ?? defaults.extend?.cap
  const gpu = group.gpu ?? defaults.gpu ?? base.gpu, security = group.security ?? defaults.security ?? base.security
  const on: readonly RuntimeKind[] | undefined = group.on ?? defaults.on
  const terms: Filled['terms'] = {
    cpu, memory, count,
    totalCpu: group.totalCpu ?? defaults.totalCpu ?? Number((cpu * count).toFixed(3)),
    totalMemory: group.totalMemory ?? defaults.totalMemory ?? memory * count,
    ...(gpu > 0 && { gpu }), ...(on && { on }), ...(security === 'baseline' && { security }),
    defaultMs, longestMs,
    longestWaitMs: group.longestWait ?? defaults.longestWait ?? base.longestWait,
    extend: {
      stepMs: group.extend?.step ?? defaults.extend?.step ?? base.extend.step,
      windowMs: group.extend?.window ?? defaults.extend?.window ?? base.extend.window,
      capMs: cap ?? longestMs,
    },
    warnMs: [...new Set(group.warn ?? defaults.warn ?? base.warn)].sort((a, b) => b - a),
    graceMs: group.grace ?? defaults.grace ?? base.grace,
    restart: group.restart ?? defaults.restart ?? base.restart,
    narrowed: group.narrowed ?? defaults.narrowed ?? base.narrowed,
  }
  const idle = idleTerms(group.idle ?? defaults.idle ?? base.idle)
  return {
    terms: idle ? { ...terms, idle } : terms, images: group.images ?? defaults.images, sites: group.sites ?? defaults.sites,
    wrong: wrongTogether({ ...terms, ...(idle && { idle }) }),
  }
}

function idleTerms(idle: NonNullable<GroupText['idle']>): IdleTerms | undefined {
  if (idle === 'never') return undefined
  return { noticeMs: idle.notice, pauseMs: idle.pause, deleteMs: idle.delete, cpuShare: idle.cpuShare ?? builtIn.cpuShare }
}

function wrongTogether(terms: Filled['terms']): Filled['wrong'] {
  const { defaultMs, longestMs, extend, idle } = terms
  const checks: readonly (readonly [wrong: boolean | undefined, path: readonly string[], what: string])[] = [
    [defaultMs > longestMs, ['default'], `must not be more than longest, ${sayDuration(longestMs)}.`],
    [extend.capMs < longestMs, ['extend', 'cap'], `must not be less than longest, ${sayDuration(longestMs)}.`],
    [terms.totalCpu < terms.cpu, ['totalCpu'], 'must not be less than cpu, or nothing could be lent.'],
    [terms.totalMemory < terms.memory, ['totalMemory'], 'must not be less than memory, or nothing could be lent.'],
    [idle && idle.noticeMs > idle.pauseMs, ['idle', 'notice'], 'must not be more than pause: the notice comes first.'],
  ]
  return checks.flatMap(([wrong, path, what]) => (wrong ? [[path, what] as const] : []))
}
