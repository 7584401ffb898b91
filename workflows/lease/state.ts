/** What a lease remembers, and what survives continue-as-new. Plain data; the story changes it in synchronous blocks. */
import { leaseId, type FullHost, type LeaseInput } from '../contract.ts'
import type { Revoked } from '../ports.ts'
import type { RefusalKind } from '../refuse.ts'
import { type IdleSignal, decideIdleness } from '../rules/idleness.ts'
import type { Besides, EndReason, Ending, Lasts, LeaseStatus, Notice, Phase, Place, TimelineEntry } from '../terms.ts'
import { endpointsOf } from '../rules/endpoints.ts'
import { fqdn } from '../rules/naming.ts'

export interface Over {
  readonly reason: EndReason
  readonly sentence: string
  readonly refusal?: RefusalKind
}

/** What has come up for the story to do, beside waiting. */
export type Todo =
  | { readonly is: 'pause'; readonly why: 'idle' | 'asked'; readonly sentence: string; readonly asked: number }
  | { readonly is: 'resume'; readonly by: string }
  | { readonly is: 'mend'; readonly what: 'died' | 'out of memory' | 'removed' | 'restarted'; readonly evidence: string }
  | { readonly is: 'republish'; readonly hostPorts: readonly number[]; readonly evidence: string }
  | { readonly is: 'move'; readonly why: 'lost' | 'given up'; readonly evidence: string }

/** What hosts have said that had no room for it, whatever the ledger says, since it last ran. */
export interface Full {
  /** In this round, in which they are not asked again. */
  readonly hosts: readonly FullHost[]
  /** In any. */
  readonly known: readonly string[]
  /** How often one of them has said so. */
  readonly times: number
}

/** That kubeconfigs are to end, and from when they have. Plain data, for it outlives continue-as-new. */
export interface ReachEnding {
  readonly why: string
  readonly place: Place
  begun?: boolean
  done?: Revoked
}

export interface LeaseState {
  readonly input: LeaseInput
  phase: Phase
  /** Counts placements; a thing outside with an older number is surplus. */
  number: number
  /** Highest number so far, when one was asked for that it does not have. */
  newest?: number
  /** Index of the site that is tried or used. */
  siteAt: number
  place?: Place
  queue?: { readonly position: number; readonly reason: string }
  full?: Full
  /** What runs of which placement, by the engine's id, since it was last started. */
  runs?: { readonly number: number; readonly id: string }
  readyAt?: number
  until?: number
  /** Warnings (ms before the end) given for the present `until`. */
  warned: number[]
  held?: { readonly until: number; readonly reason: string; readonly by: string }
  revoke?: { readonly at: number; readonly reason: string; readonly by: string }
  /** Kubeconfigs are to end. */
  unreach?: ReachEnding
  /** How often they were told to end. */
  unreached?: number
  /** What the watch says; `since` only while every signal says idle. */
  idle?: { readonly since?: number; readonly sentence: string; readonly signals?: readonly IdleSignal[] }
  /** Newest rotation of a watch that spoke of this placement. */
  heard?: { readonly number: number; readonly watch: number }
  /** Where its host is reached, as its watch says, until its name leads there. */
  readdressed?: { readonly number: number; readonly addresses: readonly string[]; readonly evidence: string }
  /** The notice of this idleness was given. */
  idleTold?: boolean
  /** The member's own word that it is in use. */
  keepUntil?: number
  pausedAt?: number
  pausedFor?: 'idle' | 'asked'
  /** By its site's word about this placement its host is being emptied. */
  drains?: { readonly number: number; readonly tries: number; readonly avoid: readonly string[] }
  /**
   * The place elsewhere that it has asked for; `to` once it has it, and until it lives there. It is asked for on hosts
   * that were full, too, from `againAt` on: then `again`.
   */
  moving?: { readonly number: number; to?: Place; readonly againAt?: number; readonly again?: true }
  /** Placements that are being taken back while it lives on elsewhere. */
  leaving?: readonly Place[]
  /** What the story does next. */
  todo?: Todo
  /** What the story is doing now, beside waiting. */
  doing?: Todo['is'] | undefined
  /** When it was started again after it had died. */
  restarts: number[]
  /** Hosts that an admin has forgotten: nothing of ours is left there. */
  gone: string[]
  over?: Over
  endingSince?: number
  lastLines: readonly string[]
  ending?: Ending
  /** Request id → until, for extensions that are delivered again. */
  extensions: Record<string, number>
  /** When the last good check of the member's rights was. */
  rightsAt: number
  timeline: TimelineEntry[]
  notices: readonly Notice[]
  /** Who follows it, when the account has said so since it began. */
  links?: readonly string[]
  /** What followers were shown last. */
  shown?: string
}

export const openState = (input: LeaseInput, now: number): LeaseState => ({
  input, phase: 'waiting', number: 0, siteAt: 0, warned: [], lastLines: [], extensions: {}, restarts: [], gone: [], rightsAt: input.asked,
  notices: [],
  timeline: [{ at: now, what: `asked for by ${input.member}: ${input.spec.image}` }],
})

const firstKept = 20, timelineKept = 100

/** Adds a line to the story; the beginning and the latest are kept. */
export function tellTimeline(state: LeaseState, what: string, at: number): void {
  state.timeline.push({ at, what })
  if (state.timeline.length > timelineKept) state.timeline.splice(firstKept, 1)
}

/** Ends the lease in its own mind: from here every handler refuses, and the story unwinds. The first word counts. */
export function end(state: LeaseState, over: Over, now: number): boolean {
  if (state.over) return false
  state.over = over
  state.phase = 'ending'
  state.endingSince = now
  tellTimeline(state, `ends: ${over.sentence}`, now)
  return true
}

/** When it ends by itself: due, later while an admin holds it, sooner when a right is lost. */
export function endsAt(state: Pick<LeaseState, 'until' | 'held' | 'revoke'>): number | undefined {
  if (state.until === undefined) return state.revoke?.at
  const due = Math.max(state.until, state.held?.until ?? 0)
  return state.revoke ? Math.min(due, state.revoke.at) : due // a hold never outlives a lost right
}

/** Why it ends at the moment that `endsAt` names. */
export function whyNow(state: LeaseState, now: number) {
  if (state.revoke && now >= state.revoke.at) return { reason: 'revoked', sentence: state.revoke.reason } as const
  return { reason: 'due', sentence: 'its time was over.' } as const
}

export function siteOf(state: LeaseState) {
  return state.input.sites[state.siteAt] ?? state.input.sites[0]!
}

/** Numbers are never used again, whatever became of one. */
export function nextNumber(state: LeaseState): number {
  state.newest = Math.max(state.number, state.newest ?? 0) + 1
  return state.newest
}

export function lastsOf({ input, readyAt, until: due, held, revoke }: LeaseState): Lasts {
  const until = endsAt({ ...(due !== undefined && { until: due }), ...(held && { held }), ...(revoke && { revoke }) })
  const { forMs, entitlement: { extend: { capMs } } } = input
  return { forMs, capMs, ...(readyAt !== undefined && { readyAt }), ...(readyAt !== undefined && until !== undefined && { until }) }
}

function besidesOf({ moving, leaving = [] }: LeaseState): Besides[] {
  const told = ({ number, host, hostPorts }: Place): Besides => ({ number, host, hostPorts })
  return [...leaving.map(told), ...(moving ? [moving.to ? told(moving.to) : { number: moving.number }] : [])]
}

const stuckAfterMs = 60_000

/** `now` is the asker's moment: a query sees Temporal's clock of the last task only. */
export function statusOf(state: LeaseState, now: number): LeaseStatus {
  const { input, place } = state, site = siteOf(state)
  const { env: _, ...spec } = input.spec
  const until = endsAt(state), besides = besidesOf(state)
  return {
    key: input.key,
    leaseId: leaseId({ name: input.name, member: input.member, key: input.key }),
    member: input.member,
    name: input.name,
    label: input.label,
    image: input.spec.image,
    phase: state.phase,
    spec,
    ...(input.on && { on: input.on }),
    site: place?.site ?? site.name,
    fqdn: fqdn(input.label, place?.zone ?? site.zone),
    endpoints: place && (state.phase === 'ready' || state.phase === 'paused') ? endpointsOf(input.label, input.spec.ports, place) : [],
    asked: input.asked,
    number: Math.max(1, state.number),
    ...(besides.length > 0 && { besides }),
    lasts: lastsOf(state),
    timeline: state.timeline,
    notices: state.notices,
    ...(place && { host: place.host, place }),
    ...(state.readyAt !== undefined && { readyAt: state.readyAt }),
    ...(until !== undefined && { until }),
    ...(state.queue && { queue: state.queue }),
    ...(state.held && { held: state.held }),
    ...(state.idle && { idle: shownIdle(state.idle, now) }),
    ...(state.ending && { ending: state.ending }),
    ...(state.phase === 'ending' && state.endingSince !== undefined && now - state.endingSince > stuckAfterMs && {
      stuck: place ? `waits for ${place.host} and the nameserver to prove that container and name are gone` : 'waits to be taken back',
    }),
  }
}

/** What the watch's last word comes to by now. */
export function shownIdle({ since, sentence, signals }: NonNullable<LeaseState['idle']>, now: number): NonNullable<LeaseStatus['idle']> {
  return since === undefined ? { sentence } : { since, sentence: signals ? decideIdleness(signals, now).sentence : sentence }
}
