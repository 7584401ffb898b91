/** Who may register: the policy's word on this site is read at every check, and when a host speaks that it did not list. */
import { log, proxyActivities } from '@temporalio/workflow'
import { hearHost } from '../rules/placement.ts'
import type { CoreSteps } from '../steps.ts'
import type { HostOffer } from '../terms.ts'
import { untilDone } from '../timeouts.ts'
import { readHost } from './inventory.ts'
import { sayToAll } from './lost.ts'
import type { Site } from './state.ts'

const { readSite } = proxyActivities<Pick<CoreSteps, 'readSite'>>({ ...untilDone, summary: 'What does the policy say of this site?' })

/** Strangers that speak all the time have the policy read so often at most. */
const apartMs = 10_000

/** Only hosts that the policy lists may register. One that it does not list has the policy read again. */
export function hearHostUp(it: Site, offer: HostOffer): void {
  const { name, state } = it
  if (offer.site !== name) return void log.warn('a host of another site spoke', { host: offer.host, site: offer.site })
  if (!state.terms?.hosts.includes(offer.host)) {
    if (Object.keys(state.strangers).length < 20) state.strangers[offer.host] = offer
    return readPolicySoon(it)
  }
  const before = state.ledger.hosts[offer.host]
  if (before?.lost) {
    delete before.lost
    sayToAll(it, offer.host, { what: 'host back', evidence: 'it has spoken again' })
  }
  hearHost(state.ledger, offer, Date.now())
  if (state.ledger.hosts[offer.host]?.unread) void readHost(it, offer.host)
}

export async function readPolicy(it: Site): Promise<void> {
  const { state } = it
  it.readingPolicy = true
  try {
    const found = await readSite(it.name)
    state.policyReadAt = Date.now()
    if (found) Object.assign(state, found)
    else delete state.terms
  } finally {
    it.readingPolicy = false
  }
  it.changed = true
  for (const offer of Object.values(state.strangers)) {
    delete state.strangers[offer.host]
    if (state.terms?.hosts.includes(offer.host)) hearHostUp(it, offer)
    else log.warn('a host spoke that the policy does not list', { host: offer.host, site: it.name })
  }
}

/** Reads it now, unless that has just been done; the next check does it anyway. */
export function readPolicySoon(it: Site): void {
  const { state: { policyReadAt, clocks } } = it
  if (it.readingPolicy || Date.now() - policyReadAt < Math.min(apartMs, clocks.checkMs)) return
  void readPolicy(it)
}
