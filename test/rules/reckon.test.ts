import { describe, expect, test } from 'vitest'
import type { Owned } from '../../workflows/ports.ts'
import { ask, grant } from '../../workflows/rules/grant.ts'
import { bookOf, emptyLedger, hearHost } from '../../workflows/rules/placement.ts'
import { type suspects, enterOpen, forgetHost, hearDue, hostsToRead, isSettled, knownKeys, missing, readInventory, unclaimed } from '../../workflows/rules/reckon.ts'
import type { OpenLease } from '../../workflows/steps.ts'
import { GiB, askFor, ledgerOf, offerOf, placed, start, viewAt, wish } from './placement.world.ts'

const view = viewAt(start, ['h1']), nobody = new Set<string>()
const open = (key: string, it: Partial<OpenLease> = {}): OpenLease => ({
  key, leaseId: `lease:web.mika.${key}`, member: 'mika', name: 'web', label: `web-${key}`, image: 'web', cpu: 1, memory: GiB, ports: 1,
  site: 'home', number: 1, paused: false, asked: start, ...it,
})
const box = (key: string, number = 1, hostPorts = [20_000]): Owned =>
  ({ key, number, member: 'mika', what: 'container', object: `berth-${key}`, running: true, hostPorts, createdAt: start })
const known = (...knownOpen: string[]) => ({ leases: [], knownOpen })
const inventory = (owned: Owned[], suspected = [] as ReturnType<typeof suspects>) => ({ host: 'h1', owned, suspected, gone: nobody })

describe('a ledger that is rebuilt', () => {
  test('counts places of open leases, keeps the line, and gives nothing twice', () => {
    const ledger = emptyLedger('home', start)
    enterOpen(ledger, [
      open('a', { host: 'h1', hostPorts: [20_000], cpu: 3 }), open('b', { waiting: true, number: 2, cpu: 2 }), open('c', { site: 'away', waiting: true }),
    ], nobody)
    hearHost(ledger, offerOf('h1'), start)
    expect(placed(askFor(ledger, view, wish('d')))).toEqual([]) // its inventory has not been read
    readInventory(ledger, inventory([box('a'), box('x', 1, [20_001])]), view)
    const answers = grant(ledger, view)
    expect(answers).toMatchObject([
      { is: 'placed', word: { key: 'd', place: { hostPorts: [20_002] } } }, { is: 'queued', word: { key: 'b', number: 2, position: 1 } }])
  })

  test('counts GPUs of open leases, and knows what those in line want', () => {
    const ledger = ledgerOf([offerOf('h1', { gpu: 2, runtime: 'kubernetes' })])
    enterOpen(ledger, [open('a', { host: 'h1', hostPorts: [20_000], gpu: 2 }), open('b', { waiting: true, gpu: 1 }), open('c', { waiting: true, on: ['docker'] })], nobody)
    expect(grant(ledger, view)).toMatchObject([
      { is: 'unplaceable', word: { key: 'c', sentence: 'No host of home is of the kind docker.' } }, { is: 'queued', word: { key: 'b', reason: 'waits for 1 GPU; first in line' } },
    ])
  })

  test('lets a paused lease that was about to resume go on where it is', () => {
    const ledger = ledgerOf([offerOf('h1')])
    enterOpen(ledger, [open('a', { host: 'h1', hostPorts: [20_003], paused: true, waiting: true })], nobody)
    expect(grant(ledger, view)).toMatchObject([{ is: 'placed', word: { place: { hostPorts: [20_003] } } }])
  })

  test('does not believe an older word of a lease that has spoken meanwhile', () => {
    const ledger = ledgerOf([offerOf('h1')])
    enterOpen(ledger, [open('a', { host: 'h1', hostPorts: [20_003] })], new Set(['a']))
    expect(ledger.entries).toEqual({})
  })

  test('answers a lease whose place is on a host that has not spoken as soon as it speaks', () => {
    const ledger = emptyLedger('home', start)
    enterOpen(ledger, [open('a', { host: 'h1', hostPorts: [20_000] })], nobody)
    ask(ledger, wish('a'))
    expect(grant(ledger, view)).toEqual([])
    hearHost(ledger, offerOf('h1'), start)
    expect(placed(grant(ledger, view))).toEqual(['a'])
  })
})

describe('a lease that moves', () => {
  const moves = (besides: NonNullable<OpenLease['besides']>) => open('a', { host: 'h1', hostPorts: [20_000], besides })

  test('keeps the place that it lives at and stands in line for the next', () => {
    const ledger = ledgerOf([offerOf('h1')])
    enterOpen(ledger, [moves([{ number: 2 }])], nobody)
    expect(Object.keys(ledger.entries)).toEqual(['a#1'])
    expect(ledger.line.waiting.map(({ request, resumes }) => [request.number, resumes])).toEqual([[2, undefined]])
  })

  test('has both places counted, and a word of the next that is older than its place does not put it into the line', () => {
    const ledger = ledgerOf([offerOf('h1'), offerOf('h2')])
    enterOpen(ledger, [moves([{ number: 2 }])], nobody)
    enterOpen(ledger, [moves([{ number: 2, host: 'h2', hostPorts: [20_005] }])], nobody)
    enterOpen(ledger, [moves([{ number: 2 }])], nobody)
    expect(Object.values(ledger.entries).map(({ number, host, hostPorts }) => [number, host, hostPorts])).toEqual([[1, 'h1', [20_000]], [2, 'h2', [20_005]]])
    expect(ledger.line.waiting).toEqual([])
  })

  test('is asked by a check, and what it says of either place is not missed', () => {
    const ledger = ledgerOf([offerOf('h1'), offerOf('h2')]), asked = new Set(['a#1', 'a#2'])
    enterOpen(ledger, [moves([{ number: 2, host: 'h2', hostPorts: [20_005] }])], nobody)
    expect(knownKeys(ledger)).toEqual([])
    const gone = { knownOpen: [], leases: [open('a', { number: 2, host: 'h2', hostPorts: [20_005], besides: [{ number: 1, host: 'h1', hostPorts: [20_000] }] })] }
    for (let i = 0; i < 3; i++) expect(missing(ledger, gone, asked)).toEqual([])
    const there = { ...gone, leases: [open('a', { number: 2, host: 'h2', hostPorts: [20_005] })] }
    missing(ledger, there, asked)
    expect(missing(ledger, there, asked).map(({ number }) => number)).toEqual([1])
  })

  test.each<[string, Partial<OpenLease>, boolean]>([
    ['has no place', {}, false],
    ['has its place', { host: 'h1' }, true],
    ['waits for the next', { host: 'h1', besides: [{ number: 2 }] }, false],
    ['has the next', { host: 'h1', besides: [{ number: 2, host: 'h2' }] }, true],
  ])('is settled, or a word may be on its way to it: it %s', (_, it, settled) => expect(isSettled(open('a', it))).toBe(settled))
})

describe('how long a lease lasts', () => {
  const hour = 3_600_000, lasts = { forMs: hour, capMs: 4 * hour }
  const heard = (due: Record<string, number>, now: number, leases: OpenLease[] = []) => {
    const ledger = ledgerOf([offerOf('h1')])
    askFor(ledger, view, wish('a', { lasts }))
    hearDue(ledger, { leases, due }, now)
    return ledger.entries['a#1']!.lasts
  }

  test('counts from its place until it is heard when it is due, which tells when it was ready', () => {
    expect(heard({}, start + 5)).toEqual({ ...lasts, readyAt: start })
    expect(heard({ a: start + 60_000 + hour }, start + 120_000)).toEqual({ ...lasts, readyAt: start + 60_000, until: start + 60_000 + hour })
  })

  test('counts from now at the latest, when it was extended before that was heard', () => {
    expect(heard({ a: start + 3 * hour }, start + 120_000)).toMatchObject({ readyAt: start + 120_000, until: start + 3 * hour })
  })

  test('is heard anew at each check, and its beginning stays', () => {
    const ledger = ledgerOf([offerOf('h1')])
    askFor(ledger, view, wish('a', { lasts }))
    for (const until of [start + hour, start + 2 * hour, start + hour / 2]) {
      hearDue(ledger, { leases: [], due: { a: until } }, start + 120_000)
      expect(ledger.entries['a#1']!.lasts).toEqual({ ...lasts, readyAt: start, until })
    }
  })

  test('is what the lease says itself, when it was asked; one that has never said it stays unknown', () => {
    const said = { ...lasts, readyAt: start + 7, until: start + 9 }
    expect(heard({}, start + 10, [open('a', { lasts: said })])).toEqual(said)
    const ledger = ledgerOf([offerOf('h1')])
    askFor(ledger, view, wish('b'))
    hearDue(ledger, { leases: [], due: { b: start + hour } }, start)
    expect(ledger.entries['b#1']!.lasts).toBeUndefined()
  })
})

describe('a check', () => {
  test('strikes out a place only when its lease was missed twice and its host shows it absent', () => {
    const ledger = ledgerOf([offerOf('h1')]), asked = new Set(['a#1', 'b#1'])
    askFor(ledger, view, wish('a'), wish('b'))
    expect(missing(ledger, known('b'), asked)).toEqual([])
    expect(hostsToRead(ledger)).toEqual([])
    const suspected = missing(ledger, known('b'), asked)
    expect(suspected.map((it) => it.key)).toEqual(['a'])
    expect(hostsToRead(ledger)).toEqual(['h1'])
    expect(readInventory(ledger, inventory([box('a')], suspected), view)).toEqual([])
    expect(Object.keys(ledger.entries)).toEqual(['a#1', 'b#1'])
    expect(readInventory(ledger, inventory([], suspected), view).map((it) => it.key)).toEqual(['a'])
    expect(Object.keys(ledger.entries)).toEqual(['b#1'])
    expect(bookOf(ledger, 'h1').freed).toEqual([[20_000, start]])
  })

  test('a lease that is seen again is not missed any more, and a new one is not missed at all', () => {
    const ledger = ledgerOf([offerOf('h1')])
    askFor(ledger, view, wish('a'), wish('new'))
    missing(ledger, known(), new Set(['a#1']))
    missing(ledger, known('a'), new Set(['a#1']))
    expect(missing(ledger, known(), new Set(['a#1']))).toEqual([])
    expect(ledger.entries['new#1']?.missed).toBeUndefined()
  })

  test('strikes out an older placement of a lease that has moved on, and nothing of one that has not', () => {
    const ledger = ledgerOf([offerOf('h1')]), asked = new Set(['a#1', 'a#2', 'b#1'])
    askFor(ledger, view, wish('a'), wish('b'))
    askFor(ledger, view, wish('a', { number: 2 }))
    expect(knownKeys(ledger)).toEqual(['b'])
    const found = { knownOpen: ['b'], leases: [open('a', { number: 2, host: 'h1', hostPorts: [20_002] })] }
    missing(ledger, found, asked)
    const suspected = missing(ledger, found, asked)
    expect(suspected.map((it) => it.number)).toEqual([1])
    readInventory(ledger, inventory([box('a', 2), box('b')], suspected), view)
    expect(Object.keys(ledger.entries)).toEqual(['b#1', 'a#2'])
  })

  test('takes whoever was missed twice out of the line', () => {
    const ledger = ledgerOf([])
    askFor(ledger, view, wish('a'), wish('b'))
    for (const open of [known('b'), known('b')]) missing(ledger, open, new Set(['a#1', 'b#1']))
    expect(ledger.line.waiting.map((it) => it.request.key)).toEqual(['b'])
  })
})

describe('a host that is forgotten', () => {
  test('loses its places at once, and does not get them back from a lease that has not noticed', () => {
    const ledger = ledgerOf([offerOf('h1')])
    askFor(ledger, view, wish('a'))
    expect(forgetHost(ledger, 'h1', view).map((it) => it.key)).toEqual(['a'])
    enterOpen(ledger, [open('a', { host: 'h1', hostPorts: [20_000] })], nobody)
    expect(ledger.entries).toEqual({})
  })

  test('does not get back one that was about to wake up there either: it does not stand in line for what is gone', () => {
    const ledger = ledgerOf([offerOf('h1')])
    forgetHost(ledger, 'h1', view)
    enterOpen(ledger, [open('a', { host: 'h1', hostPorts: [20_000], paused: true, waiting: true })], nobody)
    expect([ledger.entries, ledger.line.waiting]).toEqual([{}, []])
  })

  test('shows what no open lease claims when it is back: an older placement, or a lease that is gone', () => {
    const ledger = ledgerOf([offerOf('h1'), offerOf('h2')])
    forgetHost(ledger, 'h1', view)
    askFor(ledger, viewAt(start, ['h2']), wish('a', { number: 2 }))
    hearHost(ledger, offerOf('h1'), start)
    enterOpen(ledger, [open('b', { host: 'h1', hostPorts: [20_001] })], nobody)
    expect(unclaimed(ledger, 'h1', [box('a'), box('b'), box('c')]).map((it) => it.key)).toEqual(['a', 'c'])
  })
})
