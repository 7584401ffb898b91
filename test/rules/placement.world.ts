/** A small site as plain data, for the tests of its rules. */
import type { PlaceRequest } from '../../workflows/contract.ts'
import { defaultClocks } from '../../workflows/rules/clocks.ts'
import { type Answer, ask, grant } from '../../workflows/rules/grant.ts'
import { type Ledger, type View, emptyLedger, hearHost } from '../../workflows/rules/placement.ts'
import { readInventory } from '../../workflows/rules/reckon.ts'
import type { HostOffer } from '../../workflows/terms.ts'

export const start = Date.UTC(2026, 0, 1)
export const GiB = 2 ** 30

export const offerOf = (host: string, size: Partial<HostOffer> = {}): HostOffer => ({
  host, site: 'home', address: '192.0.2.7', cpu: 4, memory: 8 * GiB, slots: 10, ports: [20_000, 20_019], runtime: 'memory', boot: 'b', ...size,
})

/** Names rest for 60 s in all. */
export const viewAt = (now: number, hosts: readonly string[]): View => ({
  now, clocks: { ...defaultClocks, hostSilentMs: 1e12 },
  terms: { name: 'home', zone: 'lab.example', hosts, ttlMs: 20_000, negativeTtlMs: 40_000 },
})

/** Hosts that have spoken and whose inventory was empty. */
export function ledgerOf(offers: readonly HostOffer[], now = start): Ledger {
  const ledger = emptyLedger('home', now), view = viewAt(now, offers.map((it) => it.host))
  for (const offer of offers) {
    hearHost(ledger, offer, now)
    readInventory(ledger, { host: offer.host, owned: [], suspected: [], gone: new Set() }, view)
  }
  return ledger
}

let asked = 0
export function wish(key: string, size: Partial<PlaceRequest> = {}): PlaceRequest {
  return { key, leaseId: `lease:web.mika.${key}`, member: 'mika', number: 1, cpu: 1, memory: GiB, ports: 1, since: start + asked++, ...size }
}

/** Asks and decides at once. */
export function askFor(ledger: Ledger, view: View, ...wishes: readonly PlaceRequest[]): Answer[] {
  for (const one of wishes) ask(ledger, one)
  return grant(ledger, view)
}

export const placed = (answers: readonly Answer[]): string[] => answers.flatMap((it) => (it.is === 'placed' ? it.word.key : []))

/** What was told to a key, newest last. */
export const told = (answers: readonly Answer[], key: string): Answer[] => answers.filter((it) => it.word.key === key)
