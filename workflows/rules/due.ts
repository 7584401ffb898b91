/** When a lease warns and ends, and whether it may be extended. Pure: one writer decides between a renewal and an expiry. */
import type { ExtendTerms } from '../terms.ts'
import type { Refusal } from '../refuse.ts'
import { sayDuration } from './duration.ts'
import { sayMoment } from './moment.ts'

export interface Moment {
  readonly is: 'warn' | 'due'
  readonly at: number
  /** For `warn`: the warning's own length before the end. */
  readonly beforeMs?: number
}

/**
 * The next thing that time brings to a lease that ends at `due`. A warning whose moment is past when it first could be
 * given (a lease shorter than the warning) is left out, not given late.
 */
export function nextMoment(due: number, warnMs: readonly number[], told: { readonly warned: readonly number[]; readonly since: number }): Moment {
  const warning = warnMs
    .filter((beforeMs) => !told.warned.includes(beforeMs) && due - beforeMs > told.since)
    .sort((a, b) => b - a)[0]
  return warning === undefined ? { is: 'due', at: due } : { is: 'warn', at: due - warning, beforeMs: warning }
}

export interface Extension {
  readonly now: number
  readonly until: number
  readonly readyAt: number
  /** Absent: one step. */
  readonly byMs?: number
}

/**
 * | asked | answer |
 * |---|---|
 * | before the window opens | tooEarly, with the moment |
 * | more than a step | tooLong |
 * | the cap is reached | atCap |
 * | the step crosses the cap | as far as the cap |
 * | otherwise | until + what was asked |
 */
export function decideExtension({ now, until, readyAt, byMs }: Extension, terms: ExtendTerms): { until: number } | { refusal: Refusal } {
  const no = (kind: Refusal['kind'], sentence: string) => ({ refusal: { kind, sentence } })
  const opens = until - terms.windowMs
  if (now < opens) return no('tooEarly', `This can be extended from ${sayMoment(opens)}, which is ${sayDuration(terms.windowMs)} before its end. Ask again then.`)
  const more = byMs ?? terms.stepMs
  if (!(more > 0)) return no('badDuration', 'The length must be more than nothing, like 2h or 30m.')
  if (more > terms.stepMs) return no('tooLong', `One extension adds at most ${sayDuration(terms.stepMs)}; ask for less with --for.`)
  const cap = readyAt + terms.capMs
  if (until >= cap) return no('atCap', `This lease has reached the longest time it may have, ${sayDuration(terms.capMs)}. Lend a new one after it.`)
  return { until: Math.min(until + more, cap) }
}
