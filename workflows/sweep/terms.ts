/** The nouns of the sweep, as they cross process borders. Plain data. */
import type { Owned, OwnedName } from '../ports.ts'

/** An open lease workflow, as Temporal's visibility lists it. */
export interface Claim {
  readonly key: string
  readonly leaseId: string
  readonly member: string
  readonly name: string
  readonly label: string
  readonly phase: string
  readonly site: string
  /** Absent while it has no place, or before it was ready. */
  readonly host?: string
  readonly startedAt: number
  readonly due?: number
  /** What it said of itself when it was asked; absent when it was not, or did not answer: then all of its key is left alone. */
  readonly said?: Said
}

export interface Said {
  readonly number: number
  readonly phase: string
  readonly host?: string
  readonly readyAt?: number
  /** Why taking back does not get on. */
  readonly stuck?: string
}

/** What Temporal knows of a lease that is not among the open ones. */
export interface Known {
  readonly key: string
  readonly open: boolean
  /** Of its last run. */
  readonly closedAt?: number
}

/** What one lease's leftover tells of it: enough to look it up. */
export interface Wanted {
  readonly key: string
  readonly member?: string
  readonly name?: string
}

/** Places that a site's ledger counts, by host. */
export interface Places {
  readonly site: string
  readonly hosts: readonly {
    readonly host: string
    readonly keys: readonly string[]
    /** When it last said that it is up; absent where nobody told. */
    readonly heard?: number
  }[]
}

/** What the sites told; one that did not is a sentence in `silent`. */
export interface Counted {
  readonly sites: readonly Places[]
  readonly silent: readonly string[]
}

/** What this namespace remembers. */
export interface Memory {
  /** When this namespace became Berth's; undefined when nobody wrote it down. */
  readonly since?: number
  /** How long it remembers closed leases. */
  readonly keptMs: number
  /** Names that no lease claimed and when the sweeps first saw them so: DNS does not tell a record's age. */
  readonly firstSeen: Readonly<Record<string, number>>
}

/** Everything that a plan looks at. What could not be read is absent, and told by `silent`. */
export interface Seen {
  readonly now: number
  readonly youngMs: number
  readonly hosts: readonly { readonly host: string; readonly owned: readonly Owned[] }[]
  readonly zones: readonly { readonly zone: string; readonly site: string; readonly names: readonly OwnedName[] }[]
  readonly places: readonly Places[]
  /** Undefined when the list could not be had: then nothing is planned. */
  readonly claims: readonly Claim[] | undefined
  /** Keys of leases that were open before anything was looked at. */
  readonly before: readonly string[]
  readonly known: readonly Known[]
  readonly memory: Memory
}

export type Verdict = 'surplus' | 'young' | 'missing' | 'stuck' | 'healing'
export type What = 'container' | 'network' | 'volume' | 'object' | 'name' | 'place' | 'lease'

/** One row of the table. What is as it should be has none. */
export interface Finding {
  readonly verdict: Verdict
  readonly what: What
  /** `<host>/<object>`, a full DNS name, or a lease's id. */
  readonly object: string
  readonly key: string
  readonly why: string
}

export type Removal =
  | { readonly is: 'owned'; readonly host: string; readonly owned: Owned; readonly finding: Finding }
  | { readonly is: 'name'; readonly name: OwnedName; readonly finding: Finding }

export interface Plan {
  readonly findings: readonly Finding[]
  readonly removals: readonly Removal[]
  /** Why the sweep stops and asks; absent when it may go on. */
  readonly asks?: string
  /** What bears our mark, in all. */
  readonly ours: number
  /** More removals than this are never made without an admin's word. */
  readonly limit: number
  readonly firstSeen: Readonly<Record<string, number>>
}

export type SweepMode = 'report' | 'enforce'

export interface SweepInput {
  readonly mode: SweepMode
  /** Younger things are left alone. */
  readonly youngMs: number
  /** Goes beyond the brake when exactly so many removals, or fewer, are planned. */
  readonly yesRemove?: number
  /** How long a stopped sweep waits for `confirm`; 0 or absent: it ends and says so. */
  readonly waitMs?: number
  readonly by?: string
}

/** A sweep's result: one sentence, and a table of what it found. */
export interface SweepReport {
  readonly at: number
  readonly mode: SweepMode
  readonly sentence: string
  readonly ours: number
  readonly leases: number
  readonly removed: number
  readonly failed: number
  /** It stopped: an admin is asked. */
  readonly asks?: { readonly remove: number; readonly why: string }
  /** What did not answer, each a sentence. */
  readonly silent: readonly string[]
  /** At most 200 rows; `more` counts the rest. */
  readonly findings: readonly Finding[]
  readonly more: number
  readonly firstSeen: Readonly<Record<string, number>>
}

/** Age below which things are left alone, where nothing else is configured: longer than any start takes. */
export const usualYoungMs = 10 * 60_000
