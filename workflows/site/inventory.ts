/** A host's inventory: read before the host lends, and whenever a place is suspected to be gone. */
import { ActivityFailure, TimeoutFailure, log, proxyActivities } from '@temporalio/workflow'
import { hostQueue } from '../contract.ts'
import type { Owned } from '../ports.ts'
import { enterOpen, knownKeys, readInventory, suspects, unclaimed } from '../rules/reckon.ts'
import type { HostSteps } from '../steps.ts'
import { listOpen } from './leases.ts'
import { type Site, viewOf } from './state.ts'

/** A host that does not answer stays as it is: unread, it lends nothing, and what is suspected there stays counted. */
export async function readHost(it: Site, host: string): Promise<void> {
  const { ledger } = it.state, book = ledger.hosts[host]
  if (!book?.offer || it.reading.has(host)) return
  const forgotten = book.forgotten, gone = new Set<string>()
  it.reading.add(host)
  it.listeners.add(gone)
  try {
    if (forgotten) enterOpen(ledger, (await listOpen(it, knownKeys(ledger))).leases, gone)
    const suspected = suspects(ledger).filter((entry) => entry.host === host)
    let owned = await stepsOf(it, host, `What of ours is on ${host}?`).listOwned()
    if (forgotten && book.forgotten) owned = await removeUnclaimed(it, host, owned)
    if (!book.offer || book.forgotten !== forgotten) return // forgotten meanwhile: all anew when it speaks
    const healed = readInventory(ledger, { host, owned, suspected, gone }, viewOf(it))
    if (healed.length > 0) log.warn('places of closed leases were taken back', { host, keys: healed.map((entry) => entry.key) })
    it.changed = true
  } catch (error) {
    log.warn('the inventory of a host could not be read', { host, error })
    if (error instanceof ActivityFailure && error.cause instanceof TimeoutFailure &&
      error.cause.timeoutType === 'SCHEDULE_TO_START') book.silent = true
    it.changed = true
  } finally {
    it.listeners.delete(gone)
    it.reading.delete(host)
  }
}

/** A forgotten host is swept before it lends again. Answers with what is left. */
async function removeUnclaimed(it: Site, host: string, owned: readonly Owned[]): Promise<readonly Owned[]> {
  const surplus = unclaimed(it.state.ledger, host, owned)
  for (const one of surplus) {
    await stepsOf(it, host, `Remove ${one.object}: its host was forgotten, and no lease claims it`).removeOwned(one)
  }
  return owned.filter((one) => !surplus.includes(one))
}

const stepsOf = ({ state }: Site, host: string, summary: string) => proxyActivities<Pick<HostSteps, 'listOwned' | 'removeOwned'>>({
  taskQueue: hostQueue(host), summary,
  scheduleToStartTimeout: state.clocks.hostQueueMs, startToCloseTimeout: '30s', retry: { initialInterval: '500ms', maximumAttempts: 3 },
})
