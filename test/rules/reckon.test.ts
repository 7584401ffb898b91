import { describe, expect, test } from 'vitest'
import type { Owned } from '../../workflows/ports.ts'
import { ask, grant } from '../../workflows/rules/grant.ts'
import { bookOf, emptyLedger, hearHost } from '../../workflows/rules/placement.ts'
import { type suspects, enterOpen, forgetHost, hostsToRead, knownKeys, missing, readInventory, unclaimed } from '../../workflows/rules/reckon.ts'
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

  test('shows what no open lease claims when it is back: an older placement, or a lease that is gone', () => {
    const ledger = ledgerOf([offerOf('h1'), offerOf('h2')])
    forgetHost(ledger, 'h1', view)
    askFor(ledger, viewAt(start, ['h2']), wish('a', { number: 2 }))
    hearHost(ledger, offerOf('h1'), start)
    enterOpen(ledger, [open('b', { host: 'h1', hostPorts: [20_001] })], nobody)
    expect(unclaimed(ledger, 'h1', [box('a'), box('b'), box('c')]).map((it) => it.key)).toEqual(['a', 'c'])
  })
})
