import { describe, expect, test } from 'vitest'
import { giveBack, grant, portRestsUntil } from '../../workflows/rules/grant.ts'
import { bookOf, hearHost } from '../../workflows/rules/placement.ts'
import { forgetHost } from '../../workflows/rules/reckon.ts'
import { GiB, askFor, ledgerOf, offerOf, placed, start, told, viewAt, wish } from './placement.world.ts'

const one = viewAt(start, ['h1']), two = viewAt(start, ['h1', 'h2'])
const portsOf = (answers: ReturnType<typeof askFor>) => answers.flatMap((it) => (it.is === 'placed' ? it.word.place.hostPorts : []))

describe('a place', () => {
  test('goes to the host that has lent least, with address, zone and ports', () => {
    const ledger = ledgerOf([offerOf('h1'), offerOf('h2', { address: '192.0.2.8' })])
    askFor(ledger, two, wish('a', { cpu: 2 }))
    const [answer] = askFor(ledger, two, wish('b', { ports: 2 }))
    expect(answer).toMatchObject({
      is: 'placed', leaseId: 'lease:web.mika.b',
      word: { key: 'b', place: { site: 'home', host: 'h2', number: 1, address: '192.0.2.8', zone: 'lab.example', hostPorts: [20_000, 20_001] } },
    })
  })

  test('is answered the same when it is asked for twice, and an older number is ignored', () => {
    const ledger = ledgerOf([offerOf('h1')]), again = wish('a', { number: 2 })
    const first = askFor(ledger, one, again)
    expect(askFor(ledger, one, again)).toEqual(first)
    expect(askFor(ledger, one, { ...again, number: 1 })).toEqual([])
    expect(Object.keys(ledger.entries)).toEqual(['a#2'])
  })

  test('under a newer number leaves the older one counted until that is freed', () => {
    const ledger = ledgerOf([offerOf('h1', { cpu: 2 })])
    askFor(ledger, one, wish('a', { cpu: 1 }))
    askFor(ledger, one, wish('a', { cpu: 1, number: 2 }))
    expect(Object.keys(ledger.entries)).toEqual(['a#1', 'a#2'])
    expect(placed(askFor(ledger, one, wish('b')))).toEqual([])
    giveBack(ledger, { key: 'a', number: 1 }, one)
    expect(placed(grant(ledger, one))).toEqual(['b'])
  })

  test('is not given on a host that drains, is silent, is not listed, is unread, or was forgotten', () => {
    const ledger = ledgerOf([offerOf('h1')])
    const closed = (change: () => void) => {
      change()
      return placed(askFor(ledger, one, wish('a')))
    }
    const book = bookOf(ledger, 'h1')
    expect(closed(() => { book.draining = true })).toEqual([])
    expect(closed(() => Object.assign(book, { draining: false, silent: true }))).toEqual([])
    expect(closed(() => Object.assign(book, { silent: false, unread: true }))).toEqual([])
    expect(closed(() => { book.unread = false; forgetHost(ledger, 'h1', one); hearHost(ledger, offerOf('h1'), start) })).toEqual([])
    Object.assign(book, { forgotten: false, unread: false })
    expect(placed(grant(ledger, viewAt(start, ['h2'])))).toEqual([])
    expect(placed(grant(ledger, one))).toEqual(['a'])
  })

  test('avoids a host that has just failed this lease, unless there is no other', () => {
    const ledger = ledgerOf([offerOf('h1'), offerOf('h2', { cpu: 1 })])
    const failed = wish('a', { avoid: ['h1'] })
    expect(askFor(ledger, two, failed)[0]).toMatchObject({ word: { place: { host: 'h2' } } })
    expect(placed(askFor(ledger, two, wish('b', { avoid: ['h1'] })))).toEqual([]) // h2 is full, yet could hold it
    expect(askFor(ledger, two, wish('c', { cpu: 2, avoid: ['h1'] }))[0]).toMatchObject({ word: { place: { host: 'h1' } } })
  })

  test('that no host can ever hold is told so, but not before every listed host had time to speak', () => {
    const ledger = ledgerOf([offerOf('h1')])
    const waiting = { ...two, clocks: { ...two.clocks, hostSilentMs: 60_000 } }
    expect(askFor(ledger, waiting, wish('big', { cpu: 8 }))).toMatchObject([{ is: 'queued', word: { position: 1 } }])
    const later = { ...waiting, now: start + 60_001 }
    hearHost(ledger, offerOf('h1'), later.now)
    expect(grant(ledger, later)).toMatchObject([
      { is: 'unplaceable', word: { key: 'big', number: 1, sentence: 'No host of home is big enough: the largest have 4 cpu and 8 GiB memory.' } }])
    expect(ledger.line.waiting).toEqual([])
  })

  test('waits while no host is there, and says so', () => {
    const ledger = ledgerOf([])
    expect(askFor(ledger, one, wish('a'))).toMatchObject([
      { is: 'queued', word: { position: 1, reason: 'waits: no host of this site is there; first in line' } }])
  })
})

describe('host ports', () => {
  test('that were freed rest for both lives of a record, then the one freed longest ago comes first', () => {
    const ledger = ledgerOf([offerOf('h1', { ports: [1, 2], cpu: 9 })])
    askFor(ledger, one, wish('a'), wish('b'))
    giveBack(ledger, { key: 'b', number: 1 }, viewAt(start + 1_000, ['h1']))
    giveBack(ledger, { key: 'a', number: 1 }, viewAt(start + 2_000, ['h1']))
    const waiting = viewAt(start + 60_999, ['h1'])
    expect(askFor(ledger, waiting, wish('c'))).toMatchObject([{ is: 'queued', word: { reason: 'waits for a port; first in line; 2026-01-01 00:02 UTC at the latest frees a port' } }])
    expect(portRestsUntil(ledger, waiting)).toBe(start + 61_000)
    expect(portsOf(grant(ledger, viewAt(start + 61_000, ['h1'])))).toEqual([2])
  })

  test('that were never used come before used ones, and one that holds something unclaimed is left out', () => {
    const ledger = ledgerOf([offerOf('h1', { ports: [1, 4], cpu: 9 })])
    askFor(ledger, one, wish('a'))
    giveBack(ledger, { key: 'a', number: 1 }, one)
    bookOf(ledger, 'h1').foreign = [2]
    expect(portsOf(askFor(ledger, viewAt(start + 1e6, ['h1']), wish('b'), wish('c'), wish('d')))).toEqual([3, 4, 1])
  })
})

describe('a paused place', () => {
  test('keeps its ports and gives back the rest; it resumes where it is, or waits for that host', () => {
    const ledger = ledgerOf([offerOf('h1', { slots: 1 }), offerOf('h2', { cpu: 1 })])
    const [first] = askFor(ledger, two, wish('a', { cpu: 2 }))
    giveBack(ledger, { key: 'a', number: 1, paused: true }, two)
    expect(portsOf(askFor(ledger, two, wish('b', { cpu: 2 })))).toEqual([20_001])
    expect(askFor(ledger, two, wish('a', { cpu: 2 }))).toMatchObject([{ is: 'queued', word: { reason: 'waits for a slot; first in line' } }])
    giveBack(ledger, { key: 'b', number: 1 }, two)
    expect(grant(ledger, two)).toEqual([first])
  })

  test('resumes on a host that drains, for it is there already', () => {
    const ledger = ledgerOf([offerOf('h1')])
    askFor(ledger, one, wish('a'))
    giveBack(ledger, { key: 'a', number: 1, paused: true }, one)
    bookOf(ledger, 'h1').draining = true
    expect(placed(askFor(ledger, one, wish('a'), wish('b')))).toEqual(['a'])
  })
})

describe('the line', () => {
  test('tells position and reason, again only when they change, and is left by free', () => {
    const ledger = ledgerOf([offerOf('h1', { memory: 9 * GiB })])
    askFor(ledger, one, wish('a', { cpu: 4 }))
    const answers = askFor(ledger, one, wish('b', { cpu: 2 }), wish('c', { cpu: 2, memory: 9 * GiB }))
    expect(told(answers, 'b')).toMatchObject([{ is: 'queued', word: { position: 1, reason: 'waits for 2 cpu; first in line' } }])
    expect(told(answers, 'c')).toMatchObject([{ word: { position: 2, reason: 'waits for 2 cpu and 9 GiB memory; 2nd in line' } }])
    expect(grant(ledger, one)).toEqual([])
    giveBack(ledger, { key: 'b', number: 1 }, one)
    expect(grant(ledger, one)).toMatchObject([{ is: 'queued', word: { key: 'c', position: 1 } }])
  })

  test('lets a member with one request pass one with twenty', () => {
    const ledger = ledgerOf([offerOf('h1', { cpu: 1 })])
    const many = Array.from({ length: 20 }, (_, i) => wish(`a${i}`))
    askFor(ledger, one, ...many)
    askFor(ledger, one, wish('b', { member: 'noa' }))
    const order: string[] = []
    for (let next: string | undefined = 'a0'; next;) {
      giveBack(ledger, { key: next, number: 1 }, viewAt(start, ['h1']))
      bookOf(ledger, 'h1').freed = []
      next = placed(grant(ledger, one))[0]
      if (next) order.push(next)
    }
    expect(order.slice(0, 3)).toEqual(['a1', 'b', 'a2'])
    expect(order).toHaveLength(20)
  })

  test('a member who comes back again and again does not pass one who waits', () => {
    const ledger = ledgerOf([offerOf('h1', { cpu: 1 })]), order: string[] = []
    askFor(ledger, one, wish('x0', { member: 'noa' }), wish('a1'), wish('a2'), wish('a3'))
    for (let i = 0, now = 'x0'; i < 6; i++) {
      giveBack(ledger, { key: now, number: 1 }, one)
      bookOf(ledger, 'h1').freed = []
      now = placed(askFor(ledger, one, wish(`x${i + 1}`, { member: 'noa' })))[0]!
      order.push(now)
    }
    expect(order).toContain('a3')
  })
})
