/** Brings what was seen to the leases; what does not arrive stays owed for a while, and then `reckon` finds it again. */
import type { Rotation } from './rotation.ts'

/** A word to nobody: its lease is over, or the list of leases lags. */
const owedMs = 60_000
/** Between two lists of the leases. */
const listApartMs = 2_000

const listed = new WeakMap<Rotation, number>()

export async function tell(it: Rotation): Promise<void> {
  const left: typeof it.owed = []
  for (const one of it.owed.splice(0)) {
    const { word } = one
    if (it.signal.aborted) return
    const leaseId = await leaseIdFor(it, word.key)
    const told = leaseId === undefined ? 'failed' : await it.words.say(leaseId, { ...word, watch: it.number })
    if (told === 'failed' && it.now() - one.since < owedMs) left.push(one)
  }
  it.owed.push(...left)
}

/** Undefined when no lease that is ready here has this key. */
export async function leaseIdFor(it: Rotation, key: string): Promise<string | undefined> {
  const known = it.leases.get(key)
  if (known !== undefined || it.now() - (listed.get(it) ?? -Infinity) < listApartMs) return known
  await listLeases(it).catch(() => undefined)
  return it.leases.get(key)
}

export async function listLeases(it: Rotation): Promise<Map<string, string>> {
  listed.set(it, it.now())
  return it.leases = await it.words.readyLeases(it.host)
}
