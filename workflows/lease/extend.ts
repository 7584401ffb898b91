/** `extend` and `hold`: who may make a lease longer, and how far. */
import { proxyActivities } from '@temporalio/workflow'
import type { Extend, Extended, Hold } from '../contract.ts'
import { refuse, rootMessage } from '../refuse.ts'
import { decideExtension } from '../rules/due.ts'
import { sayDuration } from '../rules/duration.ts'
import { sayMoment } from '../rules/moment.ts'
import type { CoreSteps, Standing } from '../steps.ts'
import { request } from '../timeouts.ts'
import type { ExtendTerms } from '../terms.ts'
import { type LeaseState, endsAt, tellTimeline } from './state.ts'

const { entitle } = proxyActivities<CoreSteps>({ ...request, summary: 'May this member still have it?' })

export async function extend(state: LeaseState, wish: Extend): Promise<Extended> {
  const first = state.extensions[wish.requestId]
  if (first !== undefined) return said(first)
  const terms = await termsNow(state)
  // Nothing awaits from here: a renewal and an expiry in the same instant are decided by whichever comes first.
  const again = state.extensions[wish.requestId]
  if (again !== undefined) return said(again)
  assertStillLent(state)
  if (state.revoke) throw refuse('noRights', `${state.revoke.reason} It ends at ${sayMoment(state.revoke.at)}.`)
  const now = Date.now()
  const decision = decideExtension({ now, until: state.until!, readyAt: state.readyAt!, ...(wish.byMs !== undefined && { byMs: wish.byMs }) }, terms)
  if ('refusal' in decision) throw refuse(decision.refusal.kind, decision.refusal.sentence)
  state.until = decision.until
  state.extensions[wish.requestId] = decision.until
  state.warned = state.warned.filter((beforeMs) => decision.until - beforeMs <= now)
  tellTimeline(state, `extended by ${wish.by.uid} until ${sayMoment(decision.until)}`, now)
  return said(decision.until)
}

export function hold(state: LeaseState, wish: Hold): Extended {
  const now = Date.now()
  if (wish.until <= now) throw refuse('badDuration', 'A hold ends in the future; write --until 2d.')
  state.held = { until: wish.until, reason: wish.reason, by: wish.by.uid }
  tellTimeline(state, `held by ${wish.by.uid} until ${sayMoment(wish.until)}: ${wish.reason}`, now)
  const until = endsAt(state)!
  return { until, sentence: `Held until ${sayMoment(until)}.` }
}

/** Refuses what comes to a lease that is not lent now. */
export function assertStillLent(state: LeaseState): void {
  if (state.over) throw refuse('over', `This lease is over: ${state.over.sentence} Lend a new one.`)
  if (state.phase !== 'ready' && state.phase !== 'paused') throw refuse('tooEarly', 'This lease is not ready yet. Try again when it is; see: berth status')
}

/** The rights of now; while the directory is away, the last good check counts if it is younger than a set age. */
export async function termsNow(state: LeaseState): Promise<ExtendTerms> {
  let standing: Standing
  try {
    standing = await entitle(state.input.member)
  } catch (error) {
    const age = Date.now() - state.rightsAt
    if (age <= state.input.clocks.trustMs) return state.input.entitlement.extend
    throw refuse('tryLater', `${rootMessage(error)} The last good check is ${sayDuration(age)} old. The lease is as before; try again in a minute.`)
  }
  if (standing.is !== 'member') throw refuse(standing.is, standing.sentence)
  state.rightsAt = Date.now()
  return standing.entitlement.extend
}

const said = (until: number): Extended => ({ until, sentence: `Lent until ${sayMoment(until)}.` })
