import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lookAhead, sayFreed } from '../../workflows/rules/freed.ts'
import { isNews } from '../../workflows/rules/line.ts'
import { giveBack } from '../../workflows/rules/grant.ts'
import { type Kind, type Ledger, type Need, bookOf, lacks, usage } from '../../workflows/rules/placement.ts'
import type { Lasts } from '../../workflows/terms.ts'
import { GiB, askFor, ledgerOf, offerOf, start, told, viewAt, wish } from './placement.world.ts'

const minute = 60_000, hour = 60 * minute, view = viewAt(start, ['h1'])
const lasts = (it: Partial<Lasts> = {}): Lasts => ({ forMs: hour, capMs: 4 * hour, readyAt: start, ...it })
const all: readonly Kind[] = ['cpu']
const ahead = (ledger: Ledger, need: Partial<Need> = {}, now = start) =>
  lookAhead(ledger, usage(ledger), viewAt(now, ['h1']))([bookOf(ledger, 'h1')], { cpu: 4, memory: GiB, gpu: 0, ports: 1, ...need }, all)
/** A host of 4 cpu, all of it lent to one. */
const full = (it?: Lasts) => {
  const ledger = ledgerOf([offerOf('h1')])
  askFor(ledger, view, wish('a', { cpu: 4, ports: 0, ...(it && { lasts: it }) }))
  return ledger
}

describe('a host that is full', () => {
  test.each([
    ['nobody has said how long', full(), start, undefined],
    ['before its due time', full(lasts()), start, { planned: start + hour, latest: start + 4 * hour, what: '4 cpu' }],
    ['extended', full(lasts({ until: start + 2 * hour })), start, { planned: start + 2 * hour, latest: start + 4 * hour, what: '4 cpu' }],
    ['held beyond its cap', full(lasts({ until: start + 9 * hour })), start, { planned: start + 9 * hour, latest: start + 9 * hour, what: '4 cpu' }],
    ['past its due time', full(lasts()), start + hour + 2 * minute, { planned: start + 4 * hour, latest: start + 4 * hour, what: '4 cpu' }],
    ['past its cap', full(lasts()), start + 4 * hour + 2 * minute, undefined],
  ])('has room again, when its lease is %s', (_, ledger, now, expected) => {
    expect(ahead(ledger, {}, now)).toEqual(expected)
  })

  test('has room when enough of its leases are gone, and ports only once they have rested', () => {
    const ledger = ledgerOf([offerOf('h1', { ports: [1, 2] })])
    askFor(ledger, view, wish('a', { cpu: 2, lasts: lasts() }), wish('b', { cpu: 2, lasts: lasts({ forMs: 2 * hour }) }))
    expect(ahead(ledger, { cpu: 2, ports: 0 })).toMatchObject({ planned: start + hour, what: '2 cpu' })
    expect(ahead(ledger, { cpu: 2, ports: 1 })).toMatchObject({ planned: start + hour + minute })
    expect(ahead(ledger, { cpu: 4, ports: 0 })).toMatchObject({ planned: start + 2 * hour, what: '4 cpu' })
    expect(ahead(ledger, { cpu: 5 })).toBeUndefined()
  })

  test('gets no room by the end of one that sleeps', () => {
    const ledger = full(lasts())
    askFor(ledger, view, wish('b', { cpu: 1 }))
    giveBack(ledger, { key: 'a', number: 1, paused: true }, view)
    askFor(ledger, view, wish('c', { cpu: 3 }), wish('d', { cpu: 1 }))
    expect(ahead(ledger, { cpu: 4 })).toBeUndefined()
  })

  test('is named to who waits, in the words of the board', () => {
    const ledger = full(lasts())
    const answers = askFor(ledger, view, wish('b', { cpu: 2 }))
    expect(told(answers, 'b')).toMatchObject([{ is: 'queued', word: {
      reason: 'waits for 2 cpu; first in line; 2026-01-01 01:00 UTC frees 4 cpu unless extended, 2026-01-01 04:00 UTC at the latest' } }])
  })
})

const cores = fc.integer({ min: 1, max: 4 }), minutes = fc.integer({ min: 1, max: 600 })
test('the moment that is named is the first at which the room is there, when all end as they are due', () => {
  fc.assert(fc.property(fc.array(fc.record({ cpu: cores, gpu: fc.integer({ min: 0, max: 1 }), ports: fc.integer({ min: 0, max: 2 }), forMs: minutes.map((it) => it * minute) }), { minLength: 1, maxLength: 8 }),
    fc.record({ cpu: cores, gpu: fc.integer({ min: 0, max: 2 }), ports: fc.integer({ min: 0, max: 3 }) }), (leases, wanted) => {
      const made = () => {
        const ledger = ledgerOf([offerOf('h1', { gpu: 2, ports: [1, 6] })])
        askFor(ledger, view, ...leases.map(({ cpu, gpu, ports, forMs }, i) => wish(`k${i}`, { cpu, gpu, ports, lasts: lasts({ forMs, capMs: forMs }) })))
        return ledger
      }
      const ledger = made(), need = { ...wanted, memory: GiB }
      fc.pre(lacks(bookOf(ledger, 'h1'), usage(ledger).get('h1')!, need, view).length > 0)
      const lacksAt = (at: number) => {
        const then = made(), placed = leases.map((it, i) => ({ ...it, key: `k${i}` })).filter(({ key }) => then.entries[`${key}#1`])
        for (const { key, forMs } of placed.filter(({ forMs }) => start + forMs <= at).sort((a, b) => a.forMs - b.forMs)) giveBack(then, { key, number: 1 }, viewAt(start + forMs, ['h1']))
        return lacks(bookOf(then, 'h1'), usage(then).get('h1')!, need, viewAt(at, ['h1']))
      }
      const named = ahead(ledger, need)
      if (!named) return void expect(lacksAt(start + 24 * hour)).not.toEqual([])
      expect(lacksAt(named.planned)).toEqual([])
      expect(lacksAt(named.planned - 1)).not.toEqual([])
    }))
})

describe('a time that was told', () => {
  const at = (planned: number, latest = planned) => ({ planned: start + planned * minute, latest: start + latest * minute, what: '4 cpu' })
  test('is said to the whole minute that is not too early', () => {
    expect(sayFreed({ planned: start + 30_001, latest: start + 59_000, what: 'a port' })).toBe('2026-01-01 00:01 UTC at the latest frees a port')
    expect(sayFreed(at(60, 240))).toBe('2026-01-01 01:00 UTC frees 4 cpu unless extended, 2026-01-01 04:00 UTC at the latest')
  })
  test.each([
    ['there is one now', undefined, at(60), true],
    ['it is gone', at(60), undefined, true],
    ['it is the same', at(60), at(60), false],
    ['it is later', at(60), at(62), true],
    ['the latest is later', at(60, 100), at(60, 102), true],
    ['it is a little sooner', at(60), at(55), false],
    ['it is much sooner', at(60), at(40), true],
  ])('is told again: %s', (_, before, now, news) => expect(isNews(before, now, start)).toBe(news))
})
