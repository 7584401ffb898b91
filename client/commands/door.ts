/** What a command may ask of Berth, already bound to who is asking. The gateway satisfies it over Temporal. */
import type { Extended, Pausing, Retried, Unreached } from '../../workflows/contract.ts'
import type { SweepReport } from '../../workflows/sweep/terms.ts'
import type { Board, Desk, Ending, LeaseStatus, LendRequest, Receipt } from '../../workflows/terms.ts'

/** A lease that the caller named, and may know of. */
export interface FoundLease {
  readonly key: string
  readonly leaseId: string
  readonly member: string
  readonly name: string
  /** When it was asked for, of an open one: it may not have begun yet. */
  readonly since?: number
  /** Set when it is over and its account remembers how. */
  readonly ending?: Ending
}

/** A wish before the gateway gives it its key and seals its environment. */
export type Wish = Omit<LendRequest, 'requestId' | 'key' | 'epoch' | 'env'> & { readonly env?: Readonly<Record<string, string>> }

export interface Kubeconfig {
  readonly site: string
  /** Where in the cluster it is good. */
  readonly namespace: string
  readonly until: number
  /** The whole file. It is a secret. */
  readonly kubeconfig: string
}

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
  keep(lease: FoundLease, until: number): Promise<void>
  pause(lease: FoundLease): Promise<Pausing>
  resume(lease: FoundLease): Promise<void>
  logs(lease: FoundLease, lines: number): Promise<readonly string[]>
  reach(lease: FoundLease): Promise<Kubeconfig>
  /** Ends all kubeconfigs of its member for its cluster; without a lease, those for all that the caller has lent. */
  unreach(lease?: FoundLease): Promise<readonly (Unreached & { readonly name: string })[]>
  readonly admin: AdminDoor
}

/** Only for admins. */
export interface AdminDoor {
  /** Ids of all open leases, at most so many. */
  openLeases(most: number): Promise<readonly string[]>
  boards(site?: string): Promise<readonly Board[]>
  drain(host: string, drain: boolean): Promise<{ readonly site: string }>
  forget(host: string): Promise<{ readonly site: string }>
  /** Answers with the members whose accounts were told. `confirmed`: the loss is meant, so the brake does not hold. */
  recheck(member?: string, confirmed?: boolean): Promise<readonly string[]>
  sweep(wish: { readonly enforce: boolean; readonly yesRemove?: number }): Promise<SweepReport>
  lastSweep(): Promise<SweepReport | undefined>
  /** Accounts that lose their rights just now, at most 50. */
  losing(): Promise<readonly (NonNullable<Desk['losing']> & { readonly member: string })[]>
  /** Ends a lease at once; its member sees the reason. */
  end(lease: FoundLease, reason: string): Promise<void>
  /** Tries at once what the lease waits to try again. */
  retry(lease: FoundLease): Promise<Retried>
  /** Ends every token of a member, and with `reason` every lease too. */
  revoke(member: string, reason?: string): Promise<{ readonly epoch: number; readonly leases: readonly string[] }>
}
