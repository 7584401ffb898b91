/**
 * A member's own hands in what runs on a cluster: kubeconfigs are given, and all of them end together. They are good for
 * all that the member has there, so whichever lease of it loses the right ends them, whichever gave them.
 */
import { condition } from '@temporalio/workflow'
import type { ReachAsked, Reached, Unreached } from '../contract.ts'
import type { Revoked } from '../ports.ts'
import { refusalIn, refuse, rootMessage } from '../refuse.ts'
import { sayMoment } from '../rules/moment.ts'
import type { Caller, Place } from '../terms.ts'
import { termsNow } from './extend.ts'
import { LeaseOver, unlessGivenUp } from './race.ts'
import { type LeaseState, type ReachEnding, endsAt, tellTimeline } from './state.ts'
import * as steps from './steps.ts'
import { tell } from './tell.ts'

export async function reach(state: LeaseState, { by, to }: ReachAsked): Promise<Reached> {
  if (state.unreach) throw refuse('tryLater', `Kubeconfigs for ${state.unreach.place.host} are being ended. Try again in a minute.`)
  const ends = state.unreached
  await termsNow(state)
  assertReachable(state)
  const place = state.place!
  const granted = await grant(state, place, to)
  // Nothing awaits from here: whatever came meanwhile was meant for this one too, and nobody has read it yet.
  assertReachable(state)
  if (state.unreached !== ends || state.place!.number !== place.number) {
    throw refuse('tryLater', 'Kubeconfigs were ended while this one was made, and it with them. Ask for another one with: berth kube')
  }
  const until = Math.min(granted.until, endsAt(state)!)
  tellTimeline(state, `${by.uid} has a kubeconfig for ${place.host} until ${sayMoment(until)}`, Date.now())
  return { sealed: granted.sealed, until, site: place.site }
}

async function grant(state: LeaseState, place: Place, to: string) {
  try {
    return await steps.grantReach(state, place, { to, forMs: Math.max(1, endsAt(state)! - Date.now()) })
  } catch (error) {
    const refusal = refusalIn(error)
    if (refusal) throw refuse(refusal.kind, refusal.sentence)
    throw refuse('tryLater', `${rootMessage(error)} Nothing was given. Try again in a minute.`)
  }
}

/** Only its member: an admin ends leases, and looks into none. */
export function assertMayReach(state: LeaseState, { by, to }: ReachAsked): void {
  // Whoever seals to it throws for what is none; by then the cluster would have given a token.
  if (!/^[\w-]{43}$/.test(to)) throw refuse('badLine', 'What it is to be sealed to is no key of X25519 as base64url.')
  if (by.uid !== state.input.member) throw refuse('notYours', 'Only the member who lent it may reach into it.')
  assertReachable(state)
}

function assertReachable(state: LeaseState): void {
  const { over, phase, revoke, input: { name } } = state
  if (over) throw refuse('over', `This lease is over: ${over.sentence} Lend a new one.`)
  assertOnCluster(state)
  if (phase === 'paused') throw refuse('tooEarly', `${name} sleeps. Wake it first with: berth resume ${name}`)
  if (phase !== 'ready') throw refuse('tooEarly', `${name} is not ready yet. Try again when it is; see: berth status ${name}`)
  if (revoke) throw refuse('noRights', `${revoke.reason} It ends at ${sayMoment(revoke.at)}.`)
}

export function assertOnCluster({ place, input: { name } }: LeaseState): void {
  if (place?.runtime === 'kubernetes') return
  throw place ? refuse('noReach', `${name} runs on ${place.host}, which is no Kubernetes cluster. Lend on one with: berth lend IMAGE --on kubernetes`)
    : refuse('tooEarly', `${name} is not ready yet. Try again when it is; see: berth status ${name}`)
}

/** Says that they are to end; `endReach` sees to it. Does nothing for a lease that is on no cluster. */
export function tellReachToEnd(state: LeaseState, why: string): ReachEnding | undefined {
  const { place, unreach } = state
  if (place?.runtime !== 'kubernetes') return undefined
  state.unreached = (state.unreached ?? 0) + 1
  if (unreach && !unreach.begun && unreach.place.number === place.number) return unreach
  return state.unreach = { why, place }
}

/** How long its asker waits: inside an update, 3 s in all. */
const waitMs = 2500

export async function unreach(state: LeaseState, by: Caller): Promise<Unreached> {
  const ending = tellReachToEnd(state, `ended by ${by.uid}.`)!
  if (await condition(() => ending.done !== undefined, waitMs)) return ending.done!
  throw refuse('tryLater', `${ending.place.host} does not answer. They end as soon as it does; see: berth status ${state.input.name}`)
}

/** Beside the story, which may wait in a line or for a host meanwhile. Never ends; costs no event while nothing is to end. */
export async function endReach(state: LeaseState, show: () => void): Promise<never> {
  for (;;) {
    await condition(() => state.unreach !== undefined)
    const ending = state.unreach!
    ending.begun = true
    ending.done = await revoke(state, ending.place)
    if (state.unreach === ending) delete state.unreach
    tellEnded(state, ending, ending.done)
    show()
  }
}

/** On a host that an admin has given up there is nothing left to reach. */
async function revoke(state: LeaseState, place: Place): Promise<Revoked> {
  try {
    return await unlessGivenUp(state, place, () => steps.revokeReach(state, place))
  } catch (error) {
    if (error instanceof LeaseOver) return { grants: 0, restarted: 0 }
    throw error
  }
}

function tellEnded(state: LeaseState, { why, place: { host } }: ReachEnding, { grants, restarted }: Revoked): void {
  if (grants + restarted === 0) return
  const afresh = restarted > 0 ? `; what ran on ${host} for it was started afresh, without its files` : ''
  tellTimeline(state, `nobody has a kubeconfig for ${host} any more: ${why.replace(/\.$/, '')}${afresh}`, Date.now())
  if (restarted > 0 && !state.over) {
    tell(state, 'trouble', `Your kubeconfigs for ${host} are over: ${why} What you have there was started afresh, without its files, for nothing else closes what they had opened.`)
  }
}
