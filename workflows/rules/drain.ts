/**
 * What an admin says of hosts, over a termination of the site, and what leases on a draining host are told when the policy
 * of their site says `drain: move`.
 *
 * | host | policy | its lease | is told |
 * |---|---|---|---|
 * | drains | stay | any | nothing: it stays to its end |
 * | drains | move | not told yet, or it has slept or woken up since | "host drains" |
 * | drains | move | told | nothing more |
 * | lends again, or the policy says stay | told | "host stays" |
 * | lends again, or the policy says stay | not told | nothing |
 *
 * An awake lease then asks for a place elsewhere and lives on until it has one; one that sleeps stays with its files.
 */
import type { KeptHosts } from '../contract.ts'
import { type Entry, type HostBook, type Ledger, type View, bookOf } from './placement.ts'

export interface DrainWord {
  readonly entry: Entry
  readonly what: 'host drains' | 'host stays'
}

/** Each word is told once. */
export function drainWords({ hosts, entries }: Ledger, { terms }: Pick<View, 'terms'>): DrainWord[] {
  if (!terms) return []
  const words: DrainWord[] = []
  for (const entry of Object.values(entries)) {
    const leaves = terms.drain === 'move' && hosts[entry.host]?.draining === true
    if (leaves === (entry.drained ?? false)) continue
    if (leaves) entry.drained = true
    else delete entry.drained
    words.push({ entry, what: leaves ? 'host drains' : 'host stays' })
  }
  return words
}

/** Of a site whose hosts nobody has spoken of. */
export const nothingKept: KeptHosts = { draining: [], forgotten: [] }

export const keptHosts = ({ hosts }: Ledger): KeptHosts => {
  const named = (is: (book: HostBook) => boolean) => Object.values(hosts).filter(is).map(({ host }) => host).sort()
  return { draining: named((book) => book.draining), forgotten: named((book) => book.forgotten) }
}

export function recallHosts(ledger: Ledger, { draining, forgotten }: KeptHosts): void {
  for (const host of draining) bookOf(ledger, host).draining = true
  for (const host of forgotten) bookOf(ledger, host).forgotten = true
}
