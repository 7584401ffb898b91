/** Whatever is asked, freed, paused, drained, forgotten and found, in any order: what a ledger never does. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Answer, ask, giveBack, grant } from '../../workflows/rules/grant.ts'
import { mostOvertakes } from '../../workflows/rules/line.ts'
import { type Ledger, bookOf, hearHost, restMs, usage } from '../../workflows/rules/placement.ts'
import { forgetHost, readInventory } from '../../workflows/rules/reckon.ts'
import { GiB, askFor, ledgerOf, offerOf, placed, start, viewAt, wish } from './placement.world.ts'

const offers = [
  offerOf('h1', { cpu: 4, memory: 8 * GiB, slots: 5, ports: [1, 4] }), offerOf('h2', { cpu: 2, memory: 4 * GiB, slots: 3, ports: [3, 5] }),
]
const hosts = offers.map((it) => it.host)
const pick = fc.nat({ max: 1000 })
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({
    do: fc.constant('ask' as const), member: fc.constantFrom('ada', 'mika', 'noa'), cpu: fc.constantFrom(0.1, 0.5, 1, 2, 4),
    memory: fc.integer({ min: 1, max: 8 }), ports: fc.integer({ min: 0, max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('free', 'pause', 'resume', 'again', 'move'), it: pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('drain', 'silent', 'up', 'forget'), it: pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 100 }) }) },
)

/** Plays the steps and looks at the ledger after each. */
function play(steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[], look: (seen: {
  ledger: Ledger; now: number; answers: readonly Answer[]; freedAt: ReadonlyMap<string, number>
}) => void): { ledger: Ledger; now: number } {
  let now = start, made = 0
  const ledger = ledgerOf(offers), freedAt = new Map<string, number>()
  for (const one of steps) {
    const view = viewAt(now, hosts), before = Object.values(structuredClone(ledger.entries))
    const some = <T>(of: readonly T[], nth: number) => of[nth % Math.max(1, of.length)]
    if (one.do === 'ask') {
      ask(ledger, wish(`k${made++}`, { member: one.member, cpu: one.cpu, memory: one.memory * GiB, ports: one.ports }))
    } else if (one.do === 'wait') {
      now += one.seconds * 1000
    } else {
      const entry = some(Object.values(ledger.entries), one.it), waiting = some(ledger.line.waiting, one.it)
      const host = some(hosts, one.it)!, book = bookOf(ledger, host)
      if (one.do === 'free') {
        if (one.it % 5 === 0 && waiting) giveBack(ledger, { key: waiting.request.key, number: waiting.request.number }, view)
        else if (entry) giveBack(ledger, { key: entry.key, number: entry.number }, view)
      }
      if (one.do === 'pause' && entry) giveBack(ledger, { key: entry.key, number: entry.number, paused: true }, view)
      if ((one.do === 'resume' || one.do === 'again') && entry) ask(ledger, { ...wish(entry.key), ...entry, ports: entry.hostPorts.length })
      if (one.do === 'move' && entry) ask(ledger, { ...wish(entry.key), ...entry, ports: entry.hostPorts.length, number: entry.number + 1 })
      if (one.do === 'drain') book.draining = !book.draining
      if (one.do === 'silent') book.silent = true
      if (one.do === 'up') {
        hearHost(ledger, offers.find((it) => it.host === host)!, now)
        readInventory(ledger, { host, owned: [], suspected: [], gone: new Set() }, view)
      }
      if (one.do === 'forget') forgetHost(ledger, host, view)
    }
    for (const entry of before) {
      const kept = Object.values(ledger.entries).some((it) => it.key === entry.key && it.number === entry.number)
      if (!kept) for (const port of entry.hostPorts) freedAt.set(`${entry.host}:${port}`, now)
    }
    look({ ledger, now, answers: grant(ledger, viewAt(now, hosts)), freedAt })
    Object.assign(ledger, JSON.parse(JSON.stringify(ledger))) // as continue-as-new carries it
  }
  return { ledger, now }
}

const stories = fc.array(step, { maxLength: 80, size: 'max' })

describe('a ledger', () => {
  test('never lends more than there is, nor a port twice', () => {
    fc.assert(fc.property(stories, (steps) => void play(steps, ({ ledger }) => {
      for (const [host, used] of usage(ledger)) {
        const offer = offers.find((it) => it.host === host)!
        expect(used.cpu).toBeLessThanOrEqual(offer.cpu + 1e-6)
        expect(used.memory).toBeLessThanOrEqual(offer.memory)
        expect(used.slots).toBeLessThanOrEqual(offer.slots)
        const ports = Object.values(ledger.entries).filter((it) => it.host === host).flatMap((it) => it.hostPorts)
        expect(new Set(ports).size).toBe(ports.length)
        expect(ports.every((port) => port >= offer.ports[0] && port <= offer.ports[1])).toBe(true)
      }
    })), { numRuns: 100 })
  })

  test('never lends a port that rests', () => {
    fc.assert(fc.property(stories, (steps) => {
      const lent = new Set<string>()
      play(steps, ({ ledger, now, freedAt }) => {
        for (const { key, number, host, hostPorts } of Object.values(ledger.entries)) for (const port of hostPorts) {
          const id = `${key}#${number} ${host}:${port}`, freed = freedAt.get(`${host}:${port}`)
          if (!lent.has(id) && freed !== undefined) expect(now - freed).toBeGreaterThanOrEqual(restMs(viewAt(now, hosts).terms!))
          lent.add(id)
        }
      })
    }), { numRuns: 100 })
  })

  test('answers the same request with the same place', () => {
    fc.assert(fc.property(stories, (steps) => {
      const places = new Map<string, string>()
      play(steps, ({ ledger, answers }) => {
        for (const it of answers) {
          if (it.is !== 'placed') continue
          const { key, place } = it.word, id = `${key}#${place.number}`, entry = ledger.entries[id]!
          expect(place).toMatchObject({ host: entry.host, hostPorts: entry.hostPorts })
          expect(places.get(id) ?? JSON.stringify(place)).toBe(JSON.stringify(place))
          places.set(id, JSON.stringify(place))
        }
        for (const id of places.keys()) if (!ledger.entries[id]) places.delete(id)
      })
    }), { numRuns: 100 })
  })

  test('lets everybody in line in, once room is freed', () => {
    fc.assert(fc.property(stories, (steps) => {
      const { ledger, now: end } = play(steps, () => {})
      let now = end
      for (const offer of offers) {
        hearHost(ledger, offer, now)
        Object.assign(bookOf(ledger, offer.host), { draining: false, forgotten: false, unread: false })
      }
      for (let turns = 0; ledger.line.waiting.length > 0; turns++) {
        expect(turns).toBeLessThan(500)
        now += 61_000
        const oldest = Object.values(ledger.entries)[0]
        if (oldest) giveBack(ledger, { key: oldest.key, number: oldest.number }, viewAt(now, hosts))
        grant(ledger, viewAt(now, hosts))
      }
    }), { numRuns: 100 })
  })

  test('does not starve a big request behind small ones that never stop', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 6 }), fc.array(pick, { minLength: 60, maxLength: 60 }), (members, choices) => {
      const ledger = ledgerOf([offerOf('h1', { cpu: 4, ports: [1, 5000] })]), view = viewAt(start, ['h1'])
      askFor(ledger, view, ...[0, 1, 2, 3].map((i) => wish(`s${i}`)))
      askFor(ledger, view, wish('big', { cpu: 4, member: 'noa' }))
      let overtakes = 0
      for (const [i, choice] of choices.entries()) {
        const lent = Object.values(ledger.entries)
        if (lent.some((it) => it.key === 'big')) break
        giveBack(ledger, lent[choice % lent.length]!, view)
        overtakes += placed(askFor(ledger, view, wish(`t${i}`, { member: `m${i % members}` }))).filter((key) => key !== 'big').length
      }
      expect(ledger.entries['big#1']).toBeDefined()
      expect(overtakes).toBeLessThanOrEqual(mostOvertakes)
    }), { numRuns: 100 })
  })
})
