/** A running site: what it carries from run to run, and what belongs to this run alone. */
import type { Free, PlaceRequest, SiteInput } from '../contract.ts'
import { defaultClocks } from '../rules/clocks.ts'
import { type Ledger, type View, emptyLedger } from '../rules/placement.ts'
import type { Clocks, HostOffer, SiteTerms } from '../terms.ts'

/** A signal that has come in and is not decided yet. */
export type Word =
  | { readonly is: 'hostUp'; readonly offer: HostOffer }
  | { readonly is: 'place'; readonly request: PlaceRequest }
  | { readonly is: 'free'; readonly free: Free }
  | { readonly is: 'hostSilent'; readonly host: string }

/** Survives continue-as-new. */
export interface Carried {
  readonly ledger: Ledger
  terms?: SiteTerms
  clocks: Clocks
  policyReadAt: number
  /** Whether open leases have been entered: nothing is decided before. */
  rebuilt: boolean
  nextCheckAt: number
  inbox: Word[]
  /** Hosts that spoke and are not listed, until the policy has been read again. */
  strangers: Record<string, HostOffer>
}

export interface Site {
  readonly name: string
  readonly state: Carried
  /** Something changed that may let somebody in, or what is shown. */
  changed: boolean
  /** No more decisions in this run: what comes in is for the next. */
  closing: boolean
  /** Words on their way to leases. */
  telling: number
  readingPolicy: boolean
  /** Hosts whose inventory is being read. */
  readonly reading: Set<string>
  /** Sets that want to hear which placements and keys were asked for or freed while something is being looked up. */
  readonly listeners: Set<Set<string>>
  /** When a port has rested that somebody waits for. */
  portAt?: number | undefined
}

export function openSite({ site, carried }: SiteInput): Site {
  const state = (carried as Carried | undefined) ?? {
    ledger: emptyLedger(site, Date.now()), clocks: defaultClocks, policyReadAt: 0, rebuilt: false, nextCheckAt: 0, inbox: [], strangers: {},
  }
  return {
    name: site, state, changed: true, closing: false, telling: 0, readingPolicy: false, reading: new Set(), listeners: new Set(),
  }
}

export const viewOf = ({ state: { terms, clocks } }: Site): View => ({ now: Date.now(), terms, clocks })
