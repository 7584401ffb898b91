/**
 * A host that is silent for too long is lost, and its leases are told so, once; when it speaks again they are told that.
 *
 * | host | others of this site | its leases |
 * |---|---|---|
 * | silent for less than `hostLostMs` | any | nothing |
 * | silent for longer | one is alive | told "host lost": they move |
 * | silent for longer | none is alive | nothing yet: there is nowhere to go, and it may come back with their files |
 * | speaks again | any | told "host back", if they were told that it was lost |
 * | given up by an admin (`forget`) | any | told "host forgotten", which counts as proof that nothing is left there |
 *
 * A wake-up that comes late means that we were away ourselves: then every host gets the time to speak once more.
 */
import { condition, getExternalWorkflowHandle, log, sleep } from '@temporalio/workflow'
import { type SeenWord, seenSignal } from '../contract.ts'
import { sayDuration } from '../rules/duration.ts'
import { grantTime, lostNow, nextLoss } from '../rules/loss.ts'
import type { Entry } from '../rules/placement.ts'
import { type Site, viewOf } from './state.ts'

/** Never ends. One timer at a time, for the first host that may be lost; a word of it moves nothing. */
export async function watchHosts(it: Site): Promise<never> {
  const { state } = it
  grantTime(state.ledger, viewOf(it)) // nobody knows how long this run waited for its first step
  for (;;) {
    await condition(() => state.rebuilt && !it.closing && nextLoss(state.ledger, viewOf(it)) !== undefined)
    const at = Math.max(nextLoss(state.ledger, viewOf(it))!, Date.now() + 1)
    await sleep(at - Date.now(), { summary: 'Has every host spoken?' })
    // What came in together with this wake-up is taken in first.
    await condition(() => state.inbox.length === 0 && !it.closing)
    const view = viewOf(it)
    if (view.now - at > lateMs(view.clocks.hostLostMs)) {
      grantTime(state.ledger, view)
      continue
    }
    for (const book of lostNow(state.ledger, view)) {
      book.lost = true
      const silent = sayDuration(view.now - Math.max(book.heard, state.ledger.began))
      log.warn('a host is lost', { host: book.host, silent })
      sayToAll(it, book.host, { what: 'host lost', evidence: `it has been silent for ${silent}` })
    }
  }
}

/** A timer of a server that is up fires within a second or two. */
const lateMs = (hostLostMs: number): number => Math.min(10_000, hostLostMs / 2)

/** To every lease that has a place on this host. */
export function sayToAll(it: Site, host: string, word: Pick<SeenWord, 'what' | 'evidence'>): void {
  for (const entry of Object.values(it.state.ledger.entries)) if (entry.host === host) void sayTo(it, entry, word)
}

/** A lease that is closed counts as told. */
export async function sayTo(it: Site, { leaseId, key, number }: Entry, word: Pick<SeenWord, 'what' | 'evidence'>): Promise<void> {
  it.telling++
  try {
    await getExternalWorkflowHandle(leaseId).signal(seenSignal, { key, number, at: Date.now(), ...word })
  } catch (error) {
    log.warn('a lease could not be told', { leaseId, what: word.what, error })
  } finally {
    it.telling--
  }
}
