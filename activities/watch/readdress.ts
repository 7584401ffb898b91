/**
 * Follows where a host is reached, where that may change: nodes of a cluster come and go. Leases whose names lead elsewhere
 * are told; each is asked but once where its name leads, for it was placed by what its host had said before.
 *
 * | known of its name | the host is reached as before | elsewhere |
 * |---|---|---|
 * | leads there | nothing | told |
 * | led to where it was before: not told yet | told | told |
 * | nothing | asked, and told if it leads elsewhere | the same |
 */
import { setImmediate } from 'node:timers/promises'
import type { Watched } from '../../workflows/rules/sightings.ts'
import type { Rotation } from './rotation.ts'

/** Questions in one round: the others have their turn in the next. */
const mostAsked = 100

/** Right after the leases that are ready here were listed. A host that tells no address changes nothing. */
export async function readdress(it: Rotation): Promise<void> {
  const now = await it.eyes.addresses?.()
  if (!now?.length) return
  const before = it.addresses
  it.addresses = now
  if (before && !same(before, now)) outdate(it)
  let asked = 0
  for (const [at, one] of Object.entries(it.watched)) {
    if (it.signal.aborted) return
    const leaseId = it.leases.get(one.key)
    if (!one.running || one.addressed === 'now' || leaseId === undefined) continue
    if (one.addressed === undefined && asked++ >= mostAsked) continue
    await setImmediate()
    const led = one.addressed === undefined ? await leadsTo(it, one, leaseId) : before
    if (!led) continue
    const right = one.addressed === undefined && same(led, now)
    if (right || await tell(it, one, { leaseId, now, before: led })) it.watched[at] = { ...one, addressed: 'now' }
  }
}

const same = (one: readonly string[], other: readonly string[]): boolean => one.join() === other.join()

function outdate(it: Rotation): void {
  for (const [at, one] of Object.entries(it.watched)) if (one.addressed === 'now') it.watched[at] = { ...one, addressed: 'before' }
}

/** Undefined when its lease is not ready here any more, or does not say. */
async function leadsTo({ words, host }: Rotation, { number }: Watched, leaseId: string): Promise<readonly string[] | undefined> {
  const status = await words.status(leaseId), place = status?.place
  if (status?.phase !== 'ready' || place?.host !== host || place.number !== number) return undefined
  return place.addresses ?? [place.address]
}

/** One that is closed counts as told. */
async function tell(it: Rotation, { key, number }: Watched, { leaseId, now, before }: { leaseId: string; now: readonly string[]; before: readonly string[] }): Promise<boolean> {
  const gone = before.filter((one) => !now.includes(one)), come = now.filter((one) => !before.includes(one))
  const evidence = [...gone.map((one) => `${one} is gone`), ...come.map((one) => `${one} is new`)].slice(0, 10).join(', ') || 'as its host says'
  const told = await it.words.say(leaseId, { key, number, at: Math.round(it.now()), what: 'addresses moved', addresses: now, evidence, watch: it.number })
  return told !== 'failed'
}
