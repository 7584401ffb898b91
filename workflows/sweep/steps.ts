/** Steps of the sweep and of the brake, on queue `berth`. */
import type { SiteTerms } from '../terms.ts'
import type { Claim, Counted, Known, Memory, Said, Wanted } from './terms.ts'

export interface SweepSteps {
  /** Every site of the policy. Fails retryably when there is no good policy. */
  readSites(): Promise<readonly SiteTerms[]>
  /** Every open lease by visibility alone; none is asked. */
  listClaims(): Promise<readonly Claim[]>
  /** Asks open leases; those that do not answer, or are gone, are left out. */
  askLeases(leaseIds: readonly string[]): Promise<readonly (Said & { readonly key: string })[]>
  /** What Temporal knows of leases that are not among the open ones; one that it never heard of is left out. */
  findClosed(wanted: readonly Wanted[]): Promise<readonly Known[]>
  /** What every open site counts as lent; a site that does not answer is told by name. */
  listPlaces(): Promise<Counted>
  recall(): Promise<Memory>
}

export interface BrakeSteps {
  /** Accounts that hold something and are about to lose it, among all open accounts. */
  countLosing(): Promise<{ readonly losing: number; readonly of: number }>
}
