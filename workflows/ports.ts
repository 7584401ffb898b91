/**
 * What the stories need of the world. Each technology in `activities/` satisfies one of these, and one suite per port
 * in `test/ports/` runs on all of them. "Absent" is success for whatever removes.
 */
import type { ButtonVerb, ChatPerson, ChatUser, Message, Post } from './link/terms.ts'
import type { LeaseSpec, Place } from './terms.ts'

// Directory ---------------------------------------------------------------------------------------------------------

/** A member as the directory returns it. */
export interface Person {
  /** As the directory spells it, lower-cased. */
  readonly uid: string
  /** entryUUID (RFC 4530): a new one under an old uid is a stranger. */
  readonly uuid: string
  readonly dn: string
  readonly groups: readonly string[]
  readonly disabled: boolean
}

/** `absent` only when the same conversation found the canary entry and group. */
export type Found = { readonly is: 'person'; readonly person: Person } | { readonly is: 'absent' }

/** Throws `DirectoryUnavailable` for anything that is neither an entry nor a proven absence. */
export interface Directory {
  find(uid: string): Promise<Found>
  /** By a whole value of `mail`, whatever its case; never by a part of it. Absent is proven as in `find`. */
  findByMail?(mail: string): Promise<Found | { readonly is: 'several' }>
  /** The member whose password this is; throws `LoginDenied`, or `DirectoryUnavailable`. */
  login(uid: string, password: string): Promise<Person>
}

/** The member's own password was refused, or not exactly one entry was found with the canary present. */
export class LoginDenied extends Error {
  override name = 'LoginDenied'
}

/** The directory did not answer, or answered with what is our own misconfiguration. Ends nobody's lease. */
export class DirectoryUnavailable extends Error {
  override name = 'DirectoryUnavailable'
}

// Runtime: one engine, or one cluster --------------------------------------------------------------------------------------

/** One placement on this host. */
export interface Berthing {
  readonly key: string
  readonly number: number
  /** The account it belongs to; its network is shared by the account's leases alone. */
  readonly member: string
}

export interface StartOrder extends Berthing {
  readonly spec: Omit<LeaseSpec, 'env'> & { readonly env?: Readonly<Record<string, string>> }
  /** Host ports in the order of `spec.ports`. */
  readonly hostPorts: readonly number[]
  /** Below this share of one core its cpu counts as idle: told to the watch, which sees only the container. */
  readonly cpuShare?: number
  readonly terms?: RunTerms
}

/** What only a runtime with accounts, security levels and virtual hosts of its own makes use of. */
export interface RunTerms {
  /** All that the account's leases may use together; the runtime's own fence around it, where it has one. */
  readonly quota?: { readonly cpu: number; readonly memory: number; readonly count: number; readonly gpu?: number }
  /** Pod Security Standard of the account; absent is `restricted`. */
  readonly security?: 'baseline'
  /** The lease's own name, as clients ask for it. */
  readonly hostname?: string
  /** Web requests for `hostname` go to the first port by an ingress of this class. */
  readonly ingressClass?: string
}

/** What a look at the engine shows of one placement. */
export type Sight =
  | { readonly is: 'absent' }
  | { readonly is: 'running'; readonly hostPorts: readonly number[]; readonly startedAt: number; readonly id: string
    /** First process on the host, where one can be known. */
    readonly pid?: number }
  | { readonly is: 'stopped'; readonly exitCode: number; readonly outOfMemory: boolean; readonly lastLines: readonly string[] }

/** Something on the engine that bears this instance's mark, and the mark verifies. */
export interface Owned extends Berthing {
  /**
   * `container`: what runs or sleeps, with all that goes with it. `network`: the account's own ground, a bridge or a
   * namespace. `volume`, `object`: something of a placement that may outlive its container.
   */
  readonly what: 'container' | 'network' | 'volume' | 'object'
  /** The technology's own name. */
  readonly object: string
  readonly running: boolean
  readonly hostPorts: readonly number[]
  readonly createdAt: number
}

/** How a long step says that it is alive, and learns that nobody wants it any more. */
export interface Signs {
  readonly heartbeat: (detail: string) => void
  readonly signal: AbortSignal
}

/**
 * One engine. Failures that no retry mends are thrown as `CannotRun`; a taken port as `PortTaken`; everything else is
 * retried. All calls are idempotent by key and number: a retry adopts what an earlier try made.
 */
export interface Runtime {
  /** Pull if needed, create with mark, limits and hardening, start, probe each port. */
  start(order: StartOrder, signs: Signs): Promise<Extract<Sight, { is: 'running' }>>
  /** Stops and keeps the file system. */
  pause(it: Berthing): Promise<void>
  /** Starts a paused or dead one again, on the same ports. */
  resume(order: StartOrder, signs: Signs): Promise<Extract<Sight, { is: 'running' }>>
  /** Removes every object of this placement, and the account's network when it was the last. Answers with the last lines. */
  remove(it: Berthing): Promise<readonly string[]>
  /** Proof of absence comes from here, never from the answer of `remove`. */
  look(it: Berthing): Promise<Sight>
  logs(it: Berthing, lines: number): Promise<readonly string[]>
  /** Everything that is ours on this engine, by mark. */
  list(): Promise<readonly Owned[]>
  /** Removes one thing that `list` showed, looking at its mark once more. */
  removeOwned(owned: Owned): Promise<void>
  /** Cores, bytes and GPUs of the machine, or of all nodes together. */
  capacity(): Promise<Capacity>
}

export interface Capacity {
  readonly cpu: number
  readonly memory: number
  readonly gpu?: number
}

// Reach: a member's own hands in what runs for her or him --------------------------------------------------------------

/** Where a runtime is a place that members' own tools can talk to: a cluster. */
export interface Reach {
  /** One more kubeconfig for the account's ground here. The same id is the same grant, with another token. Throws `NoReach`. */
  grant(wish: ReachWish): Promise<Access>
  /**
   * Ends every grant of this account here, and what was opened by one: what runs there is started afresh for that, without
   * its files. None is success.
   */
  revoke(member: string): Promise<Revoked>
}

export interface ReachWish {
  readonly member: string
  /** Lower-case letters and digits. */
  readonly id: string
  /** How long it is to hold; the technology may give more, and ends it with the account's last lease in any case. */
  readonly forMs: number
}

/** What a kubeconfig is made of. All of it is kept from histories and logs. */
export interface Access {
  /** https://… */
  readonly server: string
  /** In PEM; absent where the authorities that everybody trusts are enough. */
  readonly authority?: string
  /** The name in the server's certificate, where it is not the one in `server`. */
  readonly tlsName?: string
  readonly namespace: string
  /** Whose the token is, there. */
  readonly user: string
  readonly token: string
  /** When the token ends by itself. */
  readonly until: number
}

/** Nobody can be given a kubeconfig here until an admin has done what it says. */
export class NoReach extends Error {
  override name = 'NoReach'
}

export interface Revoked {
  readonly grants: number
  /** Containers that are started afresh. */
  readonly restarted: number
}

// Watch: one engine seen from beside it --------------------------------------------------------------------------------

/** One container of ours, as one listing shows it. */
export interface Glimpse extends Owned {
  /** The engine's own id of it. */
  readonly id: string
  /** `starting`: made and not run yet; `leaving`: on its way out. */
  readonly state: 'starting' | 'running' | 'stopped' | 'leaving'
  /** Host ports as they are published now, in the order of `hostPorts`; absent unless it runs and all of them are there. */
  readonly published?: readonly number[]
  /** Below this share of one core its cpu counts as idle; absent means the default. */
  readonly cpuShare?: number
  /** What became of the one before, where the host itself puts another in its place and says why. */
  readonly former?: string
}

/** What the watch sees of an engine. */
export interface Eyes {
  /** All our containers, in one call. */
  glimpse(): Promise<readonly Glimpse[]>
  /** One placement closely: why it stopped, and the process that it is. */
  look(it: Berthing): Promise<Sight>
  /** Calls `hint` when something happens to a container, until `signal` fires or the engine lets go; events may be missed. */
  hints(hint: () => void, signal: AbortSignal): Promise<void>
  /** Where host ports are reached now, sorted, where that may change while leases run: a cluster's nodes come and go. */
  addresses?(): Promise<readonly string[]>
}

/** A running container: the engine's id and, for a pulse that reads processes, its first process on the host. */
export interface Living {
  readonly id: string
  readonly pid?: number
}

/** One cheap reading. Counters only grow while it runs. What is absent could not be read. */
export interface Beat {
  /** Cpu time used so far. */
  readonly cpuMs?: number
  /** Bytes sent so far, its own loopback left out. */
  readonly sent?: number
  /** TCP sockets, listening ones included. */
  readonly sockets?: number
  /** How long ago something was typed at or shown on each terminal. */
  readonly terminalAges?: readonly number[]
  /** Why something could not be read. */
  readonly why?: string
}

/** Signs of use that a process beside the engine can read of a container. */
export interface Pulse {
  /** It reads processes, so that nothing can be read of a container whose first process is not known. */
  readonly byProcess: boolean
  /** Cheap: at most 0.2 ms. `gone` when this process is not this container's any more. */
  beat(of: Living): Promise<Beat | 'gone'>
  /** Dear: the TCP connections from outside, and how long ago the latest byte came in. Throws when it cannot be read. */
  peers(of: Living): Promise<{ readonly count: number; readonly lastAgeMs?: number }>
}

/** Why a start can never succeed as it was asked for. */
export class CannotRun extends Error {
  override name = 'CannotRun'
  readonly why: 'unknownImage' | 'badCommand' | 'exitedAtOnce' | 'notListening' | 'tooBig'
  constructor(why: CannotRun['why'], message: string) {
    super(message)
    this.why = why
  }
}

/**
 * There is no room for it now, whatever the ledger says: others use the cluster too. Nothing of it is left. Another host,
 * or another time, may have room.
 */
export class NoRoom extends Error {
  override name = 'NoRoom'
}

/** A foreign process or container holds one of our ports on this host. */
export class PortTaken extends Error {
  override name = 'PortTaken'
  readonly ports: readonly number[]
  constructor(ports: readonly number[], message: string) {
    super(message)
    this.ports = ports
  }
}

// Names -------------------------------------------------------------------------------------------------------------

/** One lease's name in one zone. */
export interface NameOwner {
  readonly zone: string
  readonly label: string
  readonly key: string
  readonly number: number
}

export interface NameRecords extends NameOwner {
  /** IPv4 or IPv6 address of the host. */
  readonly address: string
  /** All of them, where there are several; `address` is one of them. */
  readonly addresses?: readonly string[]
  readonly ports: readonly { readonly port: number; readonly hostPort: number }[]
  readonly ttlMs: number
  /** Paused: every SRV says "." (RFC 2782: the service is decidedly not available), A and TXT stay. */
  readonly asleep?: boolean
}

export interface OwnedName extends NameOwner {
  /** Host ports, as the SRV records say, in the order of the lease's ports; none while it sleeps. */
  readonly ports: readonly number[]
}

/** Signed, conditional updates; each is idempotent and atomic. `NameConflict` and `NameInvalid` are not retried, everything else is. */
export interface Names {
  /** Claims, re-claims or moves: afterwards A/AAAA, SRV and owner TXT are exactly these. */
  claim(records: NameRecords): Promise<void>
  /** Absent, or owned by somebody else, is success. */
  release(owner: NameOwner): Promise<void>
  /** Whether our own record is still there: proof of absence. */
  isClaimed(owner: NameOwner): Promise<boolean>
  /** By signed zone transfer: every name with an owner TXT of this instance whose proof verifies. */
  list(zone: string): Promise<readonly OwnedName[]>
}

/** The name belongs to somebody else. */
export class NameConflict extends Error {
  override name = 'NameConflict'
}

/** Name, address or ports cannot be written into DNS; no retry mends it. */
export class NameInvalid extends Error {
  override name = 'NameInvalid'
}

/** What a story passes to the host: the place and the spec, with env still sealed. */
export interface HostOrder {
  readonly key: string
  readonly member: string
  readonly spec: LeaseSpec
  readonly place: Place
  readonly cpuShare?: number
  readonly terms?: RunTerms
}

// Chat --------------------------------------------------------------------------------------------------------------

/** A button with its sealed context: what a click on it brings back. */
export interface SealedButton {
  readonly verb: ButtonVerb
  readonly label: string
  readonly style?: 'danger'
  readonly confirm?: string
  readonly context: string
}

export interface SealedMessage extends Omit<Message, 'buttons'> {
  readonly buttons: readonly SealedButton[]
}

/**
 * One chat platform; every call names a user of one of its tenants. Any trouble is thrown and tried again, `ChatLimited`
 * after the time it names.
 */
export interface Chat {
  person(user: ChatUser): Promise<ChatPerson>
  /**
   * Whose the account is by the platform's own word, where an admin has set up that it counts; undefined where none has.
   * A name or an address is only where to look: what is proven is an entry.
   */
  vouch?(user: ChatUser, entries: Entries): Promise<Vouched | undefined>
  /**
   * Posts to the user's direct messages, or edits `post` in place; one that was deleted is posted anew. `once` tells two
   * tries of one message from two messages, where the platform can tell them apart; `again`: an earlier try may have
   * posted it, and is looked for.
   */
  post(to: ChatUser, message: SealedMessage, how: { readonly post?: Post; readonly once: string; readonly again?: boolean }): Promise<Post>
  /** How a moment is written so that this reader sees his or her own time. */
  when(at: number, timeZone: string | undefined): string
}

/** The directory, as a chat may look into it: undefined unless there is exactly one such entry, and it is not disabled. */
export interface Entries {
  byUid(uid: string): Promise<Person | undefined>
  byMail(mail: string): Promise<Person | undefined>
}

export type Vouched =
  | { readonly is: 'proven'; readonly person: Pick<Person, 'uid' | 'uuid'> }
  /** `why` is for the log, and names nobody. */
  | { readonly is: 'unproven'; readonly why: string }

/** The platform wants a pause. */
export class ChatLimited extends Error {
  override name = 'ChatLimited'
  readonly afterMs: number
  constructor(afterMs: number) {
    super(`The chat wants a pause of ${afterMs} ms.`)
    this.afterMs = afterMs
  }
}
