/** Stages of taking an idle lease back. Pure. Coming back to life at any stage resets it: then there is no `since`. */
import type { IdleTerms } from '../terms.ts'

export interface Idleness {
  /** Since when every signal says idle; absent while one is busy or unknown (unknown is not idle). */
  readonly since?: number | undefined
  readonly told?: boolean | undefined
  /** By the member's "keep" or an admin's hold: until then it counts as busy. */
  readonly keptUntil?: number | undefined
  readonly pausedAt?: number | undefined
  readonly pausedFor?: 'idle' | 'asked' | undefined
}

export interface IdleMoment {
  readonly is: 'idleNotice' | 'idlePause' | 'idleEnd'
  readonly at: number
}

/**
 * | lease | next |
 * |---|---|
 * | the policy has no idle terms | none |
 * | paused because it was idle | its end, `deleteMs` after the pause |
 * | paused by hand | none: its due time ends it |
 * | busy, or unknown | none |
 * | idle, not told | a notice |
 * | idle, told | the pause |
 *
 * Time that is kept does not count as idle: counting begins again after it.
 */
export function nextIdleMoment(terms: IdleTerms | undefined, it: Idleness): IdleMoment | undefined {
  if (!terms) return undefined
  const kept = it.keptUntil ?? 0
  if (it.pausedAt !== undefined) return it.pausedFor === 'idle' ? { is: 'idleEnd', at: Math.max(it.pausedAt, kept) + terms.deleteMs } : undefined
  if (it.since === undefined) return undefined
  const since = Math.max(it.since, kept)
  return it.told ? { is: 'idlePause', at: since + terms.pauseMs } : { is: 'idleNotice', at: since + Math.min(terms.noticeMs, terms.pauseMs) }
}
