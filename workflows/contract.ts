/**
 * What crosses process borders: queues, ids, messages, search attributes, marks. Only this file knows the separators.
 * A message between workflows carries the lease's key and is ignored if it differs.
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow'
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common'
import type { IdleSignal } from './rules/idleness.ts'
import type {
  Board, Caller, Clocks, Desk, Ending, Entitlement, Held, HostOffer, Lasts, LeaseSpec, LeaseStatus, LendRequest, Notice,
  Place, Receipt, RuntimeKind, SiteTerms,
} from './terms.ts'
import type { SweepReport } from './sweep/terms.ts'

// Queues ------------------------------------------------------------------------------------------------------------

/** The queue of role `core`: workflows, directory, names. */
export const coreQueue = 'berth'
/** The queue of one engine's worker. */
export const hostQueue = (host: string): string => `host:${host}`

// Ids ---------------------------------------------------------------------------------------------------------------

/** `account:<member>`; a member's uid is lower-cased and percent-escaped, so that no uid can hold a separator. */
export const accountId = (member: string): string => `account:${escapeUid(member)}`
export const siteId = (site: string): string => `site:${site}`
export const watchId = (host: string): string => `watch:${host}`
export const leaseId = (lease: { name: string; member: string; key: string }): string =>
  `lease:${lease.name}.${escapeUid(lease.member)}.${lease.key}`

/** The key inside a lease's workflow id. */
export function keyOfLeaseId(id: string): string | undefined {
  return /^lease:.+\.([a-z0-9]+)$/.exec(id)?.[1]
}

/** A uid as part of an id: lower case, anything but letters, digits, `-` and `_` percent-escaped (RFC 3986, UTF-8). */
export function escapeUid(uid: string): string {
  return encodeURIComponent(uid.toLowerCase()).replace(/[.!~*'()]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase())
}

/** Letters of a key: DNS ignores case, and the first 6 are part of a label. */
export const keyAlphabet = '0123456789abcdefghijklmnopqrstuvwxyz'
export const keyLength = 20
/** A lease's DNS label: its name and 6 of its key. */
export const labelOf = (name: string, key: string): string => `${name}-${key.slice(0, 6)}`

// Inputs of the workflows -------------------------------------------------------------------------------------------

export interface AccountInput {
  readonly member: string
  /** What survives continue-as-new; its shape belongs to `account/`. */
  readonly carried?: unknown
}

export interface LeaseInput {
  readonly key: string
  readonly name: string
  readonly label: string
  readonly member: string
  readonly spec: LeaseSpec
  /** Allowed sites in order; the first that can ever fit it gets it. */
  readonly sites: readonly SiteTerms[]
  /** Kinds of hosts that it may have; absent is any. */
  readonly on?: readonly RuntimeKind[]
  readonly forMs: number
  readonly asked: number
  readonly entitlement: Pick<Entitlement, 'longestWaitMs' | 'extend' | 'warnMs' | 'restart' | 'idle' | 'graceMs' | 'longestMs'> &
    /** Absent from leases that were lent before Kubernetes was. */
    Partial<Pick<Entitlement, 'totalCpu' | 'totalMemory' | 'count' | 'gpu' | 'security'>>
  readonly clocks: Clocks
  /** Who is shown it in chat, by link ids. */
  readonly links?: readonly string[]
  /** What survives continue-as-new; its shape belongs to `lease/`. */
  readonly carried?: unknown
}

export interface SiteInput {
  readonly site: string
  readonly carried?: unknown
}

export interface WatchInput {
  readonly host: string
  readonly site: string
  /** Where absent, as in `rules/clocks.ts`. */
  readonly clocks?: Partial<WatchClocks>
  /** What survives continue-as-new; its shape belongs to `watch.ts`. */
  readonly carried?: unknown
}

/** The watch's own clocks, so that a test can shrink them. */
export interface WatchClocks {
  /** Between two looks at the engine, when no event of it hints at an earlier one. */
  readonly lookMs: number
  /** Between two readings of what shows whether a lease is in use. */
  readonly feelMs: number
  /** Without a sign of use for so long a lease counts as idle; it bounds how often a lease is told. */
  readonly quietMs: number
  /** Between two comparisons of the leases that should run here with what does. */
  readonly reckonMs: number
  /** How long one activity watches before the next takes over; at most an hour. */
  readonly rotateMs: number
  /** A watch that shows no sign of life for so long is taken for dead. */
  readonly aliveMs: number
}

// account -----------------------------------------------------------------------------------------------------------

export const lendUpdate = defineUpdate<Receipt, [LendRequest]>('lend')
/** Opens the account when it is not there, and answers with the epoch that a new token bears. */
export const signInUpdate = defineUpdate<number, []>('signIn')
/** Raises the epoch, which ends every token of the member; answers with the new one. */
export const signOutUpdate = defineUpdate<number, [SignOut]>('signOut')
/** Resuming takes quota that pausing freed, so the account decides; granted, it signals the lease. A refusal says what is in use. */
export const mayResumeUpdate = defineUpdate<void, [{ readonly key: string; readonly by: Caller }]>('mayResume')
export const leaseEndedSignal = defineSignal<[LeaseEnded]>('leaseEnded')
export const leasePausedSignal = defineSignal<[Paused]>('leasePaused')
/** `confirmed`: an admin's word that this member really loses the right, which lifts the brake for this account. */
export const recheckSignal = defineSignal<[{ readonly by: string; readonly confirmed?: true }]>('recheck')
export const deskQuery = defineQuery<Desk>('desk')

export interface Paused {
  readonly key: string
  readonly paused: boolean
  /** When the pause was asked for. */
  readonly since?: number
}

export interface SignOut {
  readonly by: string
  readonly reason: 'logout' | 'revoked'
}

export interface LeaseEnded {
  readonly key: string
  readonly ending: Ending
  /** All that the lease had to tell, the oldest first. */
  readonly notices: readonly Notice[]
}

// lease -------------------------------------------------------------------------------------------------------------

export const extendUpdate = defineUpdate<Extended, [Extend]>('extend')
export const holdUpdate = defineUpdate<Extended, [Hold]>('hold')
export const releaseUpdate = defineUpdate<void, [Release]>('release')
/** The member's own word that it is in use, whatever it looks like, until then. */
export const keepUpdate = defineUpdate<void, [{ readonly key: string; readonly by: Caller; readonly until: number }]>('keep')
export const pauseUpdate = defineUpdate<Pausing | undefined, [{ readonly key: string; readonly by: Caller }]>('pause')
export const logsUpdate = defineUpdate<readonly string[], [{ readonly key: string; readonly by: Caller; readonly lines: number }]>('logs')
/** A kubeconfig for what runs on a cluster, of which only its asker can read the secret part. */
export const reachUpdate = defineUpdate<Reached, [ReachAsked]>('reach')
/** Ends every kubeconfig of the member for the lease's cluster, and what was opened by one. */
export const unreachUpdate = defineUpdate<Unreached, [{ readonly key: string; readonly by: Caller }]>('unreach')
/** Only for admins: what waits to be tried again is tried at once. */
export const retryUpdate = defineUpdate<Retried, [{ readonly key: string; readonly by: Caller }]>('retry')
export const placedSignal = defineSignal<[Placed]>('placed')
export const queuedSignal = defineSignal<[Queued]>('queued')
export const unplaceableSignal = defineSignal<[Unplaceable]>('unplaceable')
/** From the account, which has counted its cpu and memory again. */
export const resumeSignal = defineSignal<[{ readonly key: string; readonly by: string }]>('resume')
export const seenSignal = defineSignal<[SeenWord]>('seen')
/** Ends a lease from above: a lost right, an admin. Takes effect at `at` or at once. */
export const revokeSignal = defineSignal<[Revoke]>('revoke')
export const statusQuery = defineQuery<LeaseStatus>('status')

export interface Extend {
  readonly key: string
  readonly requestId: string
  readonly by: Caller
  /** How much longer; absent means one step. */
  readonly byMs?: number
}

export interface Extended {
  readonly until: number
  readonly sentence: string
}

export interface Hold {
  readonly key: string
  readonly by: Caller
  readonly until: number
  readonly reason: string
}

export interface Retried {
  readonly steps: readonly WaitingStep[]
  readonly sentence: string
}

/** A step of a lease that is under way or waits for its next try. */
export interface WaitingStep {
  /** Name of the activity. */
  readonly step: string
  /** `retried`: it waited, and is tried at once. `running`: a try is under way. `queued`: no worker has taken it up yet. */
  readonly is: 'retried' | 'running' | 'queued'
  /** Tries that have failed so far. */
  readonly failed: number
  /** What the last of them said. */
  readonly why?: string
}

export interface Pausing {
  /** Its host does not keep the files of what sleeps there. */
  readonly losesFiles?: true
}

export interface ReachAsked {
  readonly key: string
  readonly by: Caller
  /** Public key of the asker, made for this request alone. */
  readonly to: string
}

export interface Reached {
  /** An `Access`, sealed to the asker's key: histories hold it, and nobody who reads one can open it. */
  readonly sealed: string
  readonly until: number
  readonly site: string
}

export interface Unreached {
  readonly grants: number
  /** Containers that were started afresh for it, without their files. */
  readonly restarted: number
}

export interface Release {
  readonly key: string
  readonly by: Caller
}

export interface Placed {
  readonly key: string
  readonly place: Place
}

export interface Queued {
  readonly key: string
  readonly number: number
  readonly position: number
  readonly reason: string
}

export interface Unplaceable {
  readonly key: string
  readonly number: number
  readonly sentence: string
  /** What its member can do, where that is not asking for less or for another site. */
  readonly next?: string
}

export interface Revoke {
  readonly key: string
  readonly by: string
  readonly reason: string
  /** When it takes effect; absent is at once. */
  readonly at?: number
  /** The right came back before the grace was over. */
  readonly lifted?: boolean
}

/** What the watch of a host says of one lease. */
export interface SeenWord {
  readonly key: string
  readonly number: number
  readonly what: 'idle' | 'busy' | 'died' | 'out of memory' | 'removed' | 'restarted' | 'host lost' | 'host back'
    /** It runs, on other host ports than it was lent: `hostPorts`. */
    | 'ports moved'
    /** Its host is reached at other addresses: `addresses`. */
    | 'addresses moved'
    /** Its host has put another container in its place, which runs, without its files: `id`. */
    | 'replaced'
    /** By an admin's word, which counts as proof that nothing of it is left there. */
    | 'host forgotten'
    /** By an admin's word and the policy's: it is to go elsewhere as soon as there is room; then that it need not. */
    | 'host drains' | 'host stays'
  /** By the clock of whoever says it: only the distance to `since` counts for the lease, which has Temporal's clock. */
  readonly at: number
  /** Since when, for `idle`. */
  readonly since?: number
  readonly evidence: string
  /** What `idle` and `busy` were concluded from. */
  readonly signals?: readonly IdleSignal[]
  /** Number of the watch's rotation, which only grows: a word of an older one than the lease has heard changes nothing. */
  readonly watch?: number
  /** Ports that are true now, when they moved. */
  readonly hostPorts?: readonly number[]
  /** All addresses at which its host is reached now, sorted. */
  readonly addresses?: readonly string[]
  /** The engine's id of what runs now, when it was replaced. */
  readonly id?: string
}

// site --------------------------------------------------------------------------------------------------------------

export const hostUpSignal = defineSignal<[HostOffer]>('hostUp')
export const placeSignal = defineSignal<[PlaceRequest]>('place')
export const freeSignal = defineSignal<[Free]>('free')
/** A lease could not reach its host in time: the site stops placing there until the host speaks again. */
export const hostSilentSignal = defineSignal<[{ readonly host: string; readonly key: string }]>('hostSilent')
export const drainUpdate = defineUpdate<void, [{ readonly host: string; readonly drain: boolean; readonly by: string }]>('drain')
export const forgetUpdate = defineUpdate<void, [{ readonly host: string; readonly by: string }]>('forget')
export const boardQuery = defineQuery<Board>('board')
/** In a site's memo, which outlives its termination: what admins have said of its hosts. */
export const hostsMemo = 'hosts'

export interface KeptHosts {
  readonly draining: readonly string[]
  /** To be swept before they lend again. */
  readonly forgotten: readonly string[]
}

export interface PlaceRequest {
  readonly key: string
  /** Where `placed` or `queued` goes. */
  readonly leaseId: string
  readonly member: string
  readonly number: number
  readonly cpu: number
  readonly memory: number
  readonly gpu?: number
  readonly ports: number
  /** Kinds of hosts that it may have; absent is any. */
  readonly on?: readonly RuntimeKind[]
  readonly since: number
  readonly lasts?: Lasts
  /** Hosts that have just failed this lease: taken only when there is no other. */
  readonly avoid?: readonly string[]
  /** Hosts that have just said that they have no room, whatever the ledger says: not taken, until it asks without them. */
  readonly full?: readonly FullHost[]
}

export interface FullHost {
  readonly host: string
  /** In its own words. */
  readonly says: string
}

export interface Free {
  readonly key: string
  readonly number: number
  /** Only cpu, memory and slot are given back: a paused lease keeps its host and ports. */
  readonly paused?: boolean
}

// watch -------------------------------------------------------------------------------------------------------------

export const stopWatchSignal = defineSignal('stop')

// sweep -------------------------------------------------------------------------------------------------------------

/** Of the schedule, and of the sweeps that it starts (followed by a moment). */
export const sweepId = 'sweep'
/** A sweep that an admin asked for; the same request is the same sweep. */
export const sweepByHandId = (requestId: string): string => `${sweepId}-${requestId}`
/** Lets a stopped sweep make exactly so many removals, or fewer. */
export const confirmSignal = defineSignal<[{ readonly remove: number; readonly by: string }]>('confirm')
export const sweepQuery = defineQuery<SweepReport | undefined>('report')

/** What a query answers when it reached a story between two of its steps (`onTime.ts`); the asker asks again. */
export const untimely = 'asked at a moment between two of its steps; ask again'

// Search attributes: what an admin filters by. Never secret, never encrypted. ----------------------------------------

export const attributes = {
  owner: defineSearchAttributeKey('BerthOwner', SearchAttributeType.KEYWORD),
  phase: defineSearchAttributeKey('BerthPhase', SearchAttributeType.KEYWORD),
  site: defineSearchAttributeKey('BerthSite', SearchAttributeType.KEYWORD),
  host: defineSearchAttributeKey('BerthHost', SearchAttributeType.KEYWORD),
  image: defineSearchAttributeKey('BerthImage', SearchAttributeType.KEYWORD),
  kind: defineSearchAttributeKey('BerthKind', SearchAttributeType.KEYWORD),
  due: defineSearchAttributeKey('BerthDue', SearchAttributeType.DATETIME),
} as const

// Marks: what Berth writes on everything that it creates outside. ------------------------------------------------------

/**
 * A mark: whose a thing is. `proof` is an HMAC-SHA256 over instance, kind, key, number, the object's own name and its
 * host (`markPayload`), so that a copied label proves nothing.
 *
 * | technology | where |
 * |---|---|
 * | Docker container, network | labels `berth.instance`, `.kind`, `.key`, `.number`, `.proof`; name `berth-<instance>-<key>-<number>`, network `berth-<instance>-<account>` |
 * | DNS | TXT at the lease's name: `berth=1` `i=<instance>` `k=<key>` `n=<number>` `p=<proof>`; shows no person |
 */
export interface Mark {
  readonly instance: string
  readonly kind: 'lease' | 'account'
  /** The lease's key, or the account's escaped uid as a digest. */
  readonly key: string
  readonly number: number
}

export const markPayload = (mark: Mark, object: { name: string; host: string }): string =>
  ['berth/1', mark.instance, mark.kind, mark.key, mark.number, object.name, object.host].join('\n')

export type { Board, Desk, Held, Receipt }
