/**
 * The ledger compared with the world: how it is rebuilt, and how a leaked place heals.
 *
 * | lease | on its host | the ledger |
 * |---|---|---|
 * | open, has a place that is not known | any | enters it |
 * | open, asks for one, not known | any | puts it into the line |
 * | open, has one more besides: it moves | any | enters that too, or puts it into the line |
 * | not among the open ones, once | any | waits: a list of open workflows lags |
 * | not among the open ones, twice in a row | absent, as its inventory shows | strikes it out; its ports rest |
 * | not among the open ones, twice in a row | there, or no inventory to be had | keeps it counted |
 * | open, under a newer number, and says nothing of this one | absent, twice | strikes the older number out |
 * | none | something of ours | blocks its ports (the sweep takes it away) |
 */
import type { Owned } from '../ports.ts'
import type { OpenLease } from '../steps.ts'
import type { Besides } from '../terms.ts'
import { drop } from './grant.ts'
import { join, leave } from './line.ts'
import { type Entry, type Ledger, type View, bookOf, placementOf } from './placement.ts'

/** Keys that are told by id alone. A lease with two placements is asked: the older one may have leaked. */
export function knownKeys(ledger: Ledger): string[] {
  const keys = [...Object.values(ledger.entries).map((it) => it.key), ...ledger.line.waiting.map((it) => it.request.key)]
  const once = new Set<string>(), again = new Set<string>()
  for (const key of keys) (once.has(key) ? again : once).add(key)
  return [...once].filter((key) => !again.has(key) || ledger.line.waiting.some((it) => it.request.key === key && it.resumes !== undefined))
}

export const placedKeys = (ledger: Ledger): string[] => [...new Set(Object.values(ledger.entries).map((it) => it.key))]

/** Enters what open leases say of themselves, unless the ledger has heard of them meanwhile (`heard`: their keys). */
export function enterOpen(ledger: Ledger, leases: readonly OpenLease[], heard: ReadonlySet<string>): void {
  for (const lease of leases) {
    if (lease.site !== ledger.site || heard.has(lease.key)) continue
    const there = lease.host === undefined || enterPlace(ledger, lease, lease)
    if (lease.waiting && there) enterLine(ledger, lease, lease)
    for (const one of lease.besides ?? []) {
      if (one.host !== undefined) enterPlace(ledger, lease, one)
      else enterLine(ledger, lease, { number: one.number })
    }
  }
}

/** Whether it has every place that it has asked for: then no word about one can be under way to it. */
export const isSettled = ({ host, besides = [] }: OpenLease): boolean => host !== undefined && besides.every((one) => one.host !== undefined)

/** False when its host was given up and has not spoken since: nothing is left there. */
function enterPlace(ledger: Ledger, lease: OpenLease, { number, host, hostPorts = [] }: Besides): boolean {
  const { key, leaseId, member, cpu, memory, gpu, lasts } = lease, known = ledger.entries[placementOf({ key, number })]
  if (known) return true
  const book = bookOf(ledger, host!)
  if (book.forgotten && !book.offer) return false
  const paused = lease.paused && number === lease.number
  ledger.entries[placementOf({ key, number })] = {
    key, number, leaseId, member, host: host!, cpu, memory, ...(gpu !== undefined && { gpu }), hostPorts, ...(paused && { paused }), ...(lasts && { lasts }),
  }
  leave(ledger.line, key, number)
  return true
}

/** With a host: it can only wake up there. */
function enterLine(ledger: Ledger, { key, leaseId, member, cpu, memory, gpu, ports, on, asked, lasts }: OpenLease, { number, host }: Besides): void {
  if (ledger.line.waiting.some((it) => it.request.key === key)) return
  if (host === undefined && ledger.entries[placementOf({ key, number })]) return // it has not heard yet that it has it
  join(ledger.line, {
    key, leaseId, member, number, cpu, memory, ...(gpu !== undefined && { gpu }), ports, ...(on && { on }), since: asked, ...(lasts && { lasts }),
  }, host)
}

/** How long leases last by now: extensions and holds cost the site no word, for Temporal lists when each is due. */
export function hearDue(ledger: Ledger, { leases, due = {} }: Pick<Open, 'leases' | 'due'>, now: number): void {
  const said = new Map(leases.flatMap(({ key, lasts }) => (lasts ? [[key, lasts] as const] : [])))
  for (const entry of Object.values(ledger.entries)) {
    const until = due[entry.key], { lasts } = entry
    if (said.has(entry.key)) entry.lasts = { readyAt: now, ...lasts, ...said.get(entry.key)! }
    else if (lasts && until !== undefined) {
      const began = lasts.until === undefined ? Math.min(now, Math.max(lasts.readyAt ?? 0, until - lasts.forMs)) : lasts.readyAt ?? now
      entry.lasts = { ...lasts, readyAt: began, until }
    }
  }
}

/**
 * Counts what was missed: placements of keys that were `asked` about and are not open, or are open under a newer number.
 * Who was missed twice leaves the line, or is a suspect.
 */
export function missing(ledger: Ledger, open: Open, asked: ReadonlySet<string>): Entry[] {
  const keys = new Set([...open.knownOpen, ...open.leases.map((it) => it.key)])
  const said = new Map(open.leases.map((it) => [it.key, it]))
  /** A lease that moves has more than one; what is newer than what it says of itself is on its way to it. */
  const its = (key: string, number: number) => {
    const lease = said.get(key)
    return !lease || number >= lease.number || lease.besides?.some((one) => one.number === number) === true
  }
  for (const it of [...ledger.line.waiting, ...Object.values(ledger.entries)]) {
    const { key, number } = 'request' in it ? it.request : it
    if (keys.has(key) && its(key, number)) delete it.missed
    else if (asked.has(placementOf({ key, number }))) it.missed = (it.missed ?? 0) + 1
  }
  ledger.line.waiting = ledger.line.waiting.filter((it) => (it.missed ?? 0) < 2)
  return suspects(ledger)
}

/** The answer of `openLeases`. */
export interface Open {
  readonly leases: readonly OpenLease[]
  readonly knownOpen: readonly string[]
  readonly due?: Readonly<Record<string, number>>
}

/** Every placement that the ledger knows, so that only these are missed by an answer that is older than the others. */
export const placements = (ledger: Ledger): Set<string> =>
  new Set([...Object.keys(ledger.entries), ...ledger.line.waiting.map((it) => placementOf(it.request))])

/** Places whose lease seems closed: counted until their host shows them absent. */
export const suspects = (ledger: Ledger): Entry[] => Object.values(ledger.entries).filter((it) => (it.missed ?? 0) >= 2)

/** Hosts whose inventory is worth reading: not read yet, with a suspect, or with something that nobody claims. */
export function hostsToRead(ledger: Ledger): string[] {
  const suspected = new Set(suspects(ledger).map((it) => it.host))
  return Object.values(ledger.hosts)
    .filter((book) => book.offer && !book.silent && (book.unread || suspected.has(book.host) || book.foreign.length > 0))
    .map((book) => book.host)
}

/** What an inventory shows that no place of the ledger claims. Networks are the sweep's: they hold no port and no room. */
export const unclaimed = (ledger: Ledger, host: string, owned: readonly Owned[]): Owned[] =>
  owned.filter((it) => it.what === 'container' && ledger.entries[placementOf(it)]?.host !== host)

/**
 * Takes in a host's inventory: strikes out suspects that are absent, and blocks ports that nobody claims. `suspected`
 * are those that were suspects before the inventory was asked for; `gone` are placements given back meanwhile.
 */
export function readInventory(ledger: Ledger, read: {
  readonly host: string
  readonly owned: readonly Owned[]
  readonly suspected: readonly Entry[]
  readonly gone: ReadonlySet<string>
}, view: View): Entry[] {
  const { host, owned, suspected, gone } = read
  const book = bookOf(ledger, host)
  const there = new Set(owned.filter((it) => it.what === 'container').map(placementOf))
  const absent = suspected.map((it) => ledger.entries[placementOf(it)])
    .filter((it) => it !== undefined && it.host === host && (it.missed ?? 0) >= 2 && !there.has(placementOf(it))) as Entry[]
  for (const entry of absent) drop(ledger, entry, view)
  book.foreign = unclaimed(ledger, host, owned).filter((it) => !gone.has(placementOf(it))).flatMap((it) => it.hostPorts)
  book.unread = false
  book.forgotten = false
  return absent
}

/** An admin's word that a host is gone for good, which counts as proof: its places are struck out, and it must register anew. */
export function forgetHost(ledger: Ledger, host: string, view: View): Entry[] {
  const book = bookOf(ledger, host)
  const lost = Object.values(ledger.entries).filter((it) => it.host === host)
  for (const entry of lost) drop(ledger, entry, view)
  delete book.offer
  delete book.lost
  Object.assign(book, { heard: 0, silent: false, draining: false, forgotten: true, unread: true, foreign: [] })
  return lost
}
