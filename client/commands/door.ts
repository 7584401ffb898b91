/** What a command may ask of Berth, already bound to who is asking. The gateway satisfies it over Temporal. */
import type { Extended } from '../../workflows/contract.ts'
import type { Board, Desk, Ending, LeaseStatus, LendRequest, Receipt } from '../../workflows/terms.ts'

/** A lease that the caller named, and may know of. */
export interface FoundLease {
  readonly key: string
  readonly leaseId: string
  readonly member: string
  readonly name: string
  /** Set when it is over and its account remembers how. */
  readonly ending?: Ending
}

/** A wish before the gateway gives it its key and seals its environment. */
export type Wish = Omit<LendRequest, 'requestId' | 'key' | 'epoch' | 'env'> & { readonly env?: Readonly<Record<string, string>> }

/** Every call may be refused: by a rule, by who asks, or because something is away. */
export interface Door {
  /** The caller's uid. */
  readonly member: string
  readonly now: () => number
  desk(): Promise<Desk>
  lend(wish: Wish): Promise<Receipt>
  /** By name, label or key; an admin may name anybody's. */
  find(which: string): Promise<FoundLease>
  status(leaseId: string): Promise<LeaseStatus>
  extend(lease: FoundLease, byMs: number | undefined): Promise<Extended>
  hold(lease: FoundLease, hold: { readonly until: number; readonly reason: string }): Promise<Extended>
  release(lease: FoundLease): Promise<void>
  pause(lease: FoundLease): Promise<void>
  resume(lease: FoundLease): Promise<void>
  logs(lease: FoundLease, lines: number): Promise<readonly string[]>
  readonly admin: AdminDoor
}

/** Only for admins. */
export interface AdminDoor {
  /** Ids of all open leases, at most so many. */
  openLeases(most: number): Promise<readonly string[]>
  boards(site?: string): Promise<readonly Board[]>
  drain(host: string, drain: boolean): Promise<{ readonly site: string }>
  forget(host: string): Promise<{ readonly site: string }>
  /** Answers with the members whose accounts were told. */
  recheck(member?: string): Promise<readonly string[]>
  /** Ends every token of a member, and with `reason` every lease too. */
  revoke(member: string, reason?: string): Promise<{ readonly epoch: number; readonly leases: readonly string[] }>
}
