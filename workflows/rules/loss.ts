/** When a silent host counts as lost. Pure. */
import { type HostBook, type Ledger, type View, isAlive } from './placement.ts'

const lostAt = (ledger: Ledger, book: HostBook, { clocks }: View): number =>
  Math.max(book.heard, ledger.began, ledger.awayUntil ?? 0) + clocks.hostLostMs

/** Hosts whose leases would have to be told, and have not been. */
function candidates(ledger: Ledger): HostBook[] {
  const used = new Set(Object.values(ledger.entries).map(({ host }) => host))
  return Object.values(ledger.hosts).filter((book) => used.has(book.host) && !book.lost && !book.forgotten)
}

/** Somebody who could take its leases in. */
const hasRefuge = (ledger: Ledger, book: HostBook, view: View): boolean =>
  Object.values(ledger.hosts).some((other) => other !== book && isAlive(other, view))

/** When to look next; undefined while there is nobody to lose. One that is overdue, with nowhere to go, is looked at again later. */
export function nextLoss(ledger: Ledger, view: View): number | undefined {
  const moments = candidates(ledger).map((book) => {
    const at = lostAt(ledger, book, view)
    return at <= view.now && !hasRefuge(ledger, book, view) ? view.now + Math.max(1_000, view.clocks.hostLostMs / 4) : at
  })
  return moments.length > 0 ? Math.min(...moments) : undefined
}

export const lostNow = (ledger: Ledger, view: View): HostBook[] =>
  candidates(ledger).filter((book) => lostAt(ledger, book, view) <= view.now && hasRefuge(ledger, book, view))

/** The ledger was away itself: every host gets the time of one silence to speak. */
export function grantTime(ledger: Ledger, { now, clocks }: View): void {
  ledger.awayUntil = now - clocks.hostLostMs + clocks.hostSilentMs
}
