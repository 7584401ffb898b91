/** The ledger is rebuilt when it is first started, and compared with the world every few minutes. */
import { log, sleep } from '@temporalio/workflow'
import { recallHosts } from '../rules/drain.ts'
import { enterOpen, hearDue, hostsToRead, isSettled, knownKeys, missing, placedKeys, placements } from '../rules/reckon.ts'
import { readHost } from './inventory.ts'
import { listOpen, recall } from './leases.ts'
import { readPolicy } from './register.ts'
import type { Site } from './state.ts'

/** Between the two looks of a rebuild. */
const settleMs = 1_000

/**
 * Enters the open leases of this site. It looks twice: the list of open workflows lags, and the last word of a site
 * that was terminated may still be on its way to a lease. Whoever has no place at the first look is asked once more.
 */
export async function rebuild(it: Site): Promise<void> {
  const { ledger } = it.state
  try {
    const [first, kept] = await Promise.all([listOpen(it, []), recall(it), readPolicy(it)])
    recallHosts(ledger, kept)
    enterOpen(ledger, first.leases.filter(isSettled), new Set())
    await sleep(Math.min(settleMs, it.state.clocks.checkMs), { summary: 'Let what is under way arrive; then look again' })
    enterOpen(ledger, (await listOpen(it, placedKeys(ledger))).leases, new Set())
    it.state.nextCheckAt = Date.now() + it.state.clocks.checkMs
    it.state.rebuilt = true
    it.changed = true
  } catch (error) {
    log.error('the ledger could not be rebuilt; trying again', { error })
  }
}

/** Heals what leaked. Only leases that the ledger does not know are asked. */
export async function check(it: Site): Promise<void> {
  const { state } = it, asked = placements(state.ledger), heard = new Set<string>()
  it.listeners.add(heard)
  try {
    const [found] = await Promise.all([listOpen(it, knownKeys(state.ledger)), readPolicy(it)])
    enterOpen(state.ledger, found.leases, heard)
    hearDue(state.ledger, found, Date.now())
    missing(state.ledger, found, asked)
  } catch (error) {
    log.error('the ledger could not be compared; the next check tries again', { error })
  } finally {
    it.listeners.delete(heard)
  }
  await Promise.all(hostsToRead(state.ledger).map((host) => readHost(it, host)))
  state.nextCheckAt = Date.now() + state.clocks.checkMs
  it.changed = true
}
