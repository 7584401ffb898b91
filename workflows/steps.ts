/** The activities that stories call, by queue. `activities/steps/` implements them over the ports; names are verb + noun. */
import type { Berthing, HostOrder, NameOwner, NameRecords, Owned, OwnedName, Revoked, Sight } from './ports.ts'
import type { KeptHosts, WaitingStep, WatchClocks } from './contract.ts'
import type { Watched } from './rules/sightings.ts'
import type { ChatSteps } from './link/steps.ts'
import type { BrakeSteps, SweepSteps } from './sweep/steps.ts'
import type { Besides, Clocks, Entitlement, Lasts, RuntimeKind, SiteTerms } from './terms.ts'

/** What directory and policy say of a member now. */
export type Standing =
  | { readonly is: 'member'; readonly uid: string; readonly uuid: string; readonly entitlement: Entitlement; readonly clocks: Clocks }
  | { readonly is: 'nobody' | 'disabled' | 'noRights'; readonly uuid?: string; readonly sentence: string; readonly clocks: Clocks }

/** A lease as Temporal knows it, brief: what a ledger is rebuilt from. */
export interface OpenLease {
  readonly key: string
  readonly leaseId: string
  readonly member: string
  readonly name: string
  readonly label: string
  readonly image: string
  readonly cpu: number
  readonly memory: number
  readonly gpu?: number
  readonly ports: number
  readonly on?: readonly RuntimeKind[]
  readonly site: string
  readonly number: number
  readonly paused: boolean
  /** It asks for room: not placed yet, or paused and resuming. */
  readonly waiting?: boolean
  readonly asked: number
  /** Absent while it has no place. */
  readonly host?: string
  readonly hostPorts?: readonly number[]
  readonly besides?: readonly Besides[]
  readonly lasts?: Lasts
}

/** On queue `berth`. */
export interface CoreSteps extends SweepSteps, BrakeSteps, ChatSteps {
  /** Asks the directory once and applies the policy. Fails retryably (`Unavailable`) when either is away. */
  entitle(member: string): Promise<Standing>
  /** What the policy says of a site; undefined when it lists no such site. */
  readSite(site: string): Promise<{ readonly terms: SiteTerms; readonly clocks: Clocks } | undefined>
  claimName(records: NameRecords): Promise<void>
  /** Returns when our record is proven absent. */
  releaseName(owner: NameOwner): Promise<void>
  /**
   * Open lease workflows, asked one by one for a brief; `of` filters in the visibility store. Of keys in `known` only that
   * they are open is told, and when they are `due`, as Temporal lists it.
   */
  openLeases(of: { readonly site: string } | { readonly member: string }, known: readonly string[]): Promise<{
    readonly leases: readonly OpenLease[]
    readonly knownOpen: readonly string[]
    readonly due?: Readonly<Record<string, number>>
    /** Of a member: the chat accounts that are linked to her or him, by workflow id. */
    readonly links?: readonly string[]
  }>
  /** What admins said of the hosts of a site before it was terminated, as its newest closed run has kept it. */
  recallHosts(site: string): Promise<KeptHosts>
  /** Has every step of this lease that waits for its next try tried at once; answers with all that are under way. */
  retryNow(leaseId: string): Promise<readonly WaitingStep[]>
  listNames(zone: string): Promise<readonly OwnedName[]>
}

/** On queue `host:<name>`. */
export interface HostSteps {
  startContainer(order: HostOrder): Promise<Extract<Sight, { is: 'running' }>>
  pauseContainer(it: Berthing): Promise<void>
  resumeContainer(order: HostOrder): Promise<Extract<Sight, { is: 'running' }>>
  /** Returns the last lines once a look has proven the placement absent. */
  removeContainer(it: Berthing): Promise<readonly string[]>
  lookAtContainer(it: Berthing): Promise<Sight>
  readLogs(it: Berthing, lines: number): Promise<readonly string[]>
  /** Everything of ours on the host, by mark. */
  listOwned(): Promise<readonly Owned[]>
  removeOwned(owned: Owned): Promise<void>
  /** A kubeconfig, sealed to the key of whoever asked. */
  grantReach(order: ReachOrder): Promise<{ readonly sealed: string; readonly until: number }>
  revokeReach(member: string): Promise<Revoked>
}

export interface ReachOrder {
  /** Of the lease: what is sealed opens for no other. */
  readonly key: string
  readonly member: string
  /** Public key of the asker. */
  readonly to: string
  readonly forMs: number
}

/** One rotation of a host's watch. */
export interface WatchOrder {
  readonly host: string
  /** Only grows; every word to a lease carries it. */
  readonly number: number
  readonly clocks: WatchClocks
  /** What the rotation before knew; absent for the first. */
  readonly evidence?: WatchEvidence
  /** The rotation before handed over in good order, so what it says it told is true. */
  readonly orderly?: boolean
}

export interface WatchEvidence {
  /** By `placementOf`. */
  readonly watched: Readonly<Record<string, Watched>>
  /** Where its host was reached, where that may change. */
  readonly addresses?: readonly string[]
  /** Since when the engine does not answer. */
  readonly awaySince?: number
  /** One sentence for whoever looks. */
  readonly sentence: string
}

/** On queue `host:<name>`: the one long-running activity. */
export interface WatchSteps {
  /** Watches for one rotation. Its heartbeats and its result are the evidence. Never fails because of the engine. */
  watchHost(order: WatchOrder): Promise<WatchEvidence>
}
