/**
 * The nouns of Berth, as they cross process borders. Durations are milliseconds, moments are milliseconds since the
 * epoch by Temporal's clock, memory is bytes, cpu is cores. Everything here is plain data that survives JSON.
 */
import type { RefusalKind } from './refuse.ts'

/** Who speaks, as the gateway proved it. `admin` is by directory group at the moment of the request. */
export interface Caller {
  readonly uid: string
  readonly admin?: boolean
}

/** An image a member may lend: an alias of the policy (`name` → `reference`), or a pattern with `*` that stands for itself. */
export interface ImageTerms {
  readonly name: string
  /** What the engine is asked for; absent for a pattern. */
  readonly reference?: string
  /** Container ports when the member names none. */
  readonly ports?: readonly number[]
  readonly command?: readonly string[]
  /** Only on hosts of this kind. */
  readonly on?: RuntimeKind
}

/** When the lease may be made longer. */
export interface ExtendTerms {
  /** The most that one extension adds. */
  readonly stepMs: number
  /** How long before its end an extension is taken. */
  readonly windowMs: number
  /** The longest that a lease may live, counted from ready. */
  readonly capMs: number
}

/** Stages of taking an idle lease back; each is counted from the moment it was last seen busy. */
export interface IdleTerms {
  readonly noticeMs: number
  readonly pauseMs: number
  /** Counted from the pause. */
  readonly deleteMs: number
  /** Below this share of one core (0.01 = 1 %) cpu counts as idle. */
  readonly cpuShare: number
}

/** What a member may do now: the most generous of each of the member's groups. */
export interface Entitlement {
  /** Digest of the policy that it was computed from. */
  readonly policy: string
  readonly images: readonly ImageTerms[]
  /** Names that some group may lend: tells an unknown image from one that this member may not have. */
  readonly catalog: readonly string[]
  readonly cpu: number
  readonly memory: number
  readonly count: number
  readonly totalCpu: number
  readonly totalMemory: number
  /** Whole GPUs, per lease and of all leases together; absent is none. */
  readonly gpu?: number
  /** Kinds of hosts; absent is any. */
  readonly on?: readonly RuntimeKind[]
  /** Pod Security Standard where there is one; absent is `restricted`. */
  readonly security?: 'baseline'
  readonly defaultMs: number
  readonly longestMs: number
  readonly longestWaitMs: number
  readonly extend: ExtendTerms
  /** Sites in the order in which they are tried. */
  readonly sites: readonly SiteTerms[]
  /** Warnings, each so long before the end; longest first. */
  readonly warnMs: readonly number[]
  /** Time between the word that a right is lost and the end. */
  readonly graceMs: number
  /** Whether a container that died is started again. */
  readonly restart: 'never' | 'always'
  /** Whether a policy that was narrowed ends what runs already. */
  readonly narrowed: 'keep' | 'end'
  readonly idle?: IdleTerms
}

/** A place with hosts, as the policy lists it. */
export interface SiteTerms {
  readonly name: string
  /** DNS zone of its leases, without a trailing dot. */
  readonly zone: string
  /** The only hosts that may register here. */
  readonly hosts: readonly string[]
  /** TTL of records; a freed port rests for this and `negativeTtlMs` together. */
  readonly ttlMs: number
  readonly negativeTtlMs: number
  /** What leases do whose host drains: stay to their end, as when it is absent, or move to another host. */
  readonly drain?: 'stay' | 'move'
  /** Web requests for a lease's name come in through an ingress of this class, where its host has one. */
  readonly ingressClass?: string
}

/** Every clock of the stories, from the policy, so that a test can shrink it. */
export interface Clocks {
  /** How long a request id is remembered. */
  readonly receiptMs: number
  /** Between two looks at the directory; jittered by a fifth. */
  readonly recheckMs: number
  /** An absence counts only when it is seen twice, so far apart. */
  readonly recheckApartMs: number
  /** How old the last good check may be when `extend` finds the directory away. */
  readonly trustMs: number
  /** An account that holds nothing closes after this. Longer than any token lives, for it keeps the epoch. */
  readonly accountIdleMs: number
  /** A host that has not said `hostUp` for so long gets nothing new. */
  readonly hostSilentMs: number
  /** A host that is silent for so long is lost: its leases move or end. */
  readonly hostLostMs: number
  /** Between two comparisons of a ledger with the world. */
  readonly checkMs: number
  /** How long an activity may wait for its host's worker before the host counts as down. */
  readonly hostQueueMs: number
  /** A lease for which its host had no room, whatever the ledger says, tries there again after so long; absent: as usual. */
  readonly roomAgainMs?: number
  /** A story with more history events than this continues as new; set by tests alone. */
  readonly mostEvents: number
  /** How long a step of a lease may be silent before its worker counts as dead; absent: as in `timeouts.ts`. */
  readonly stepMs?: number
}

/** What a lease runs. `env` is sealed by the gateway for the host role and opened nowhere else. */
export interface LeaseSpec {
  readonly image: string
  readonly reference: string
  readonly cpu: number
  readonly memory: number
  /** Whole GPUs, of the kind that its site offers. */
  readonly gpu?: number
  readonly ports: readonly number[]
  readonly command?: readonly string[]
  readonly env?: string
}

/** A member's wish, as the gateway parsed it. */
export interface LendRequest {
  /** Update id and receipt key: the same id gets the first answer again. */
  readonly requestId: string
  /** The lease's key, made by the client. */
  readonly key: string
  readonly image: string
  readonly name?: string
  readonly forMs?: number
  readonly ports: readonly number[]
  readonly env?: string
  readonly cpu?: number
  readonly memory?: number
  readonly gpu?: number
  readonly site?: string
  /** Only on a host of this kind. */
  readonly on?: RuntimeKind
  readonly command?: readonly string[]
  /** Epoch of the caller's token; older than the account's is refused. */
  readonly epoch?: number
  /** Digest of a line that was typed into a chat: within 10 s the same one means the same lease. */
  readonly line?: string
}

/** The answer to `lend`: what is reserved. "From … until …" comes with the first live event. */
export interface Receipt {
  readonly key: string
  readonly leaseId: string
  readonly name: string
  readonly label: string
  readonly fqdn: string
  readonly site: string
  readonly image: string
  readonly forMs: number
}

/** Where a lease stands: one placement. A thing outside that bears an older number is surplus. */
export interface Place {
  readonly site: string
  readonly host: string
  readonly number: number
  /** Address at which the host's ports are reached; what A/AAAA says. */
  readonly address: string
  /** All of them, where there are several. */
  readonly addresses?: readonly string[]
  /** What kind of host; absent for one that keeps the files of a paused container. */
  readonly runtime?: RuntimeKind
  readonly zone: string
  /** Host ports in the order of the lease's ports. */
  readonly hostPorts: readonly number[]
}

/** One more placement of a lease that moves: the one it leaves, or the one it goes to; without a host while it waits for it. */
export interface Besides {
  readonly number: number
  readonly host?: string
  readonly hostPorts?: readonly number[]
}

/** How long a lease runs, for those who wait for its room. */
export interface Lasts {
  /** From ready to its end, as it was lent. */
  readonly forMs: number
  /** From ready to the end that no extension goes beyond. */
  readonly capMs: number
  /** Absent before it is ready. */
  readonly readyAt?: number
  /** Its end as it is now, extensions and holds counted. */
  readonly until?: number
}

/** Phases of a lease, in order. */
export type Phase = 'waiting' | 'starting' | 'ready' | 'paused' | 'ending' | 'ended'

export type EndReason =
  | 'returned' | 'due' | 'revoked' | 'idle' | 'waited too long' | 'refused' | 'died' | 'host lost' | 'moved away'

/** How a lease ended, in one shape for success and failure. */
export interface Ending {
  readonly key: string
  readonly name: string
  readonly member: string
  readonly image: string
  readonly reason: EndReason
  readonly sentence: string
  readonly at: number
  readonly refusal?: RefusalKind
  /** The container's last lines, at most 2 KiB. */
  readonly lastLines?: readonly string[]
}

/** One line of the story that says why. */
export interface TimelineEntry {
  readonly at: number
  readonly what: string
}

/** A message to a member. */
export interface Notice {
  readonly at: number
  readonly key?: string
  readonly kind: 'ready' | 'queued' | 'warning' | 'extended' | 'ended' | 'idle' | 'paused' | 'resumed' | 'trouble' | 'rights' | 'held'
  readonly sentence: string
}

/** What `status` shows of a lease. */
export interface LeaseStatus {
  readonly key: string
  readonly leaseId: string
  readonly member: string
  readonly name: string
  readonly label: string
  readonly image: string
  readonly phase: Phase
  readonly spec: Omit<LeaseSpec, 'env'>
  /** Kinds of hosts that it may have; absent is any. */
  readonly on?: readonly RuntimeKind[]
  readonly site: string
  readonly host?: string
  readonly fqdn?: string
  /** How each port is reached: `http://fqdn:hostPort` is told as host and port. */
  readonly endpoints: readonly Endpoint[]
  readonly place?: Place
  /** The placement number that it has, or asks for while it waits: a site rebuilt from leases answers under it. */
  readonly number?: number
  readonly besides?: readonly Besides[]
  readonly lasts?: Lasts
  readonly asked: number
  readonly readyAt?: number
  readonly until?: number
  readonly queue?: { readonly position: number; readonly reason: string }
  readonly held?: { readonly until: number; readonly reason: string; readonly by: string }
  readonly idle?: { readonly since?: number; readonly sentence: string }
  /** Why taking back does not get on, for the admin's board. */
  readonly stuck?: string
  readonly ending?: Ending
  readonly timeline: readonly TimelineEntry[]
  /** What it had to tell its member, the oldest first. */
  readonly notices: readonly Notice[]
}

export interface Endpoint {
  readonly port: number
  readonly hostPort: number
  readonly fqdn: string
  readonly address: string
  /** Owner name of its SRV record. */
  readonly srv: string
}

/** One line of an account's books. */
export interface Held {
  readonly key: string
  readonly leaseId: string
  readonly name: string
  readonly label: string
  readonly image: string
  readonly cpu: number
  readonly memory: number
  readonly gpu?: number
  readonly site: string
  readonly paused?: boolean
  readonly since: number
}

/** What an account shows. */
export interface Desk {
  readonly member: string
  readonly epoch: number
  readonly leases: readonly Held[]
  /** Of the account itself, and of leases that are over; open ones keep their own. */
  readonly notices: readonly Notice[]
  readonly endings: readonly Ending[]
  readonly entitlement?: Entitlement
  /** Set while a right is lost and the grace runs. */
  readonly losing?: {
    readonly at: number
    readonly sentence: string
    /** The brake on mass loss holds: why, and how an admin goes on. */
    readonly stopped?: string
  }
}

/** What a member may ask for by name. */
export type RuntimeKind = 'docker' | 'kubernetes'

/** What a host's worker says of itself with `hostUp`. */
export interface HostOffer {
  readonly host: string
  readonly site: string
  readonly address: string
  /** All of them, sorted, where there are several. */
  readonly addresses?: readonly string[]
  readonly cpu: number
  readonly memory: number
  /** Whole GPUs of one kind; absent is none. */
  readonly gpu?: number
  readonly slots: number
  /** First and last host port that may be lent. */
  readonly ports: readonly [number, number]
  readonly runtime: RuntimeKind | 'memory'
  /** Random per process: a new boot is a new worker. */
  readonly boot: string
}

/** What a site shows. */
export interface Board {
  readonly site: string
  readonly rebuilt: boolean
  readonly hosts: readonly BoardHost[]
  readonly line: readonly { readonly key: string; readonly member: string; readonly position: number; readonly reason: string; readonly since: number }[]
}

export interface BoardHost {
  readonly host: string
  readonly alive: boolean
  readonly draining: boolean
  readonly forgotten: boolean
  readonly lastHeard: number
  readonly cpu: { readonly used: number; readonly of: number }
  readonly memory: { readonly used: number; readonly of: number }
  /** Absent where it has none. */
  readonly gpu?: { readonly used: number; readonly of: number }
  readonly slots: { readonly used: number; readonly of: number }
  readonly ports: { readonly used: number; readonly resting: number; readonly of: number }
  readonly leases: readonly string[]
}
