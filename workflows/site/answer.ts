/** Decides what has come in, and tells the leases. One synchronous block: nothing can come between the parts of a decision. */
import { condition, getExternalWorkflowHandle, log, setCurrentDetails, sleep, upsertMemo, workflowInfo } from '@temporalio/workflow'
import { hostsMemo, placedSignal, queuedSignal, unplaceableSignal } from '../contract.ts'
import { drainWords, keptHosts, nothingKept } from '../rules/drain.ts'
import { type Answer, ask, giveBack, grant, portRestsUntil } from '../rules/grant.ts'
import { placementOf } from '../rules/placement.ts'
import { detailsOf } from './board.ts'
import { sayTo } from './lost.ts'
import { hearHostUp } from './register.ts'
import { type Site, type Word, viewOf } from './state.ts'

/** Never ends; costs no event by itself, since a condition without a time-out is no timer. */
export async function answer(it: Site): Promise<never> {
  const { state } = it
  for (;;) {
    await condition(() => state.rebuilt && !it.closing && (it.changed || state.inbox.length > 0))
    it.changed = false
    for (const word of state.inbox.splice(0)) take(it, word)
    const view = viewOf(it)
    for (const one of grant(state.ledger, view)) void tell(it, one)
    for (const { entry, what } of drainWords(state.ledger, view)) {
      void sayTo(it, entry, { what, evidence: `${entry.host} ${what === 'host drains' ? 'is being emptied' : 'need not be left any more'}` })
    }
    keepHosts(it)
    it.portAt = portRestsUntil(state.ledger, view)
    setCurrentDetails(detailsOf(state.ledger, view, state.rebuilt)) // costs no event
  }
}

/** Wakes the line when a port has rested that somebody waits for. */
export async function wakeForPorts(it: Site): Promise<never> {
  for (;;) {
    await condition(() => it.portAt !== undefined)
    await sleep(Math.max(1, it.portAt! - Date.now()), { summary: 'A freed port rests; somebody waits for one' })
    it.portAt = undefined
    it.changed = true
  }
}

/** What admins have said outlives a termination in the memo; each change of it costs one event. */
function keepHosts({ state }: Site): void {
  const kept = keptHosts(state.ledger), before = workflowInfo().memo?.[hostsMemo] ?? nothingKept
  if (JSON.stringify(kept) !== JSON.stringify(before)) upsertMemo({ [hostsMemo]: kept })
}

function take(it: Site, word: Word): void {
  const { state: { ledger } } = it
  switch (word.is) {
    case 'hostUp': return hearHostUp(it, word.offer)
    case 'place':
      note(it, word.request)
      return ask(ledger, word.request)
    case 'free':
      note(it, word.free)
      return giveBack(ledger, word.free, viewOf(it))
    case 'hostSilent': {
      const book = ledger.hosts[word.host]
      if (book) book.silent = true
      return
    }
    default: word satisfies never
  }
}

/** Whoever is looking something up meanwhile must not believe an older word of this lease. */
function note({ listeners }: Site, of: { readonly key: string; readonly number: number }): void {
  for (const heard of listeners) heard.add(of.key).add(placementOf(of))
}

/** A lease that is closed counts as told; its place is taken back by the check, on proof. */
async function tell(it: Site, { is, leaseId, word }: Answer): Promise<void> {
  it.telling++
  try {
    const lease = getExternalWorkflowHandle(leaseId)
    if (is === 'placed') await lease.signal(placedSignal, word)
    else if (is === 'queued') await lease.signal(queuedSignal, word)
    else await lease.signal(unplaceableSignal, word)
  } catch (error) {
    log.warn('a lease could not be told', { leaseId, is, error })
  } finally {
    it.telling--
  }
}
