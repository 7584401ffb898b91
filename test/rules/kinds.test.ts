/** Kinds of hosts, their GPUs, and those that are full whatever the ledger says, as its answers show them. */
import { describe, expect, test } from 'vitest'
import { againMs, fullWith, wasFull } from '../../workflows/lease/full.ts'
import { defaultClocks } from '../../workflows/rules/clocks.ts'
import { ask, giveBack, grant } from '../../workflows/rules/grant.ts'
import type { LeaseState } from '../../workflows/lease/state.ts'
import { askFor, ledgerOf, offerOf, placed, start, told, viewAt, wish } from './placement.world.ts'

const one = viewAt(start, ['h1']), two = viewAt(start, ['h1', 'h2'])
const docker = offerOf('h1', { runtime: 'docker' }), cluster = offerOf('h2', { runtime: 'kubernetes', gpu: 2, addresses: ['192.0.2.7', '192.0.2.8'] })

describe('a place on a kind of host', () => {
  test('is on no other, however much room the others have', () => {
    const ledger = ledgerOf([docker, cluster])
    askFor(ledger, two, wish('big', { cpu: 3, on: ['kubernetes'] }))
    expect(askFor(ledger, two, wish('a', { on: ['kubernetes'] }))).toMatchObject([{ is: 'placed', word: { place: { host: 'h2' } } }])
    expect(askFor(ledger, two, wish('b', { on: ['kubernetes'] }))).toMatchObject([{ is: 'queued', word: { reason: 'waits for 1 cpu; first in line' } }])
    expect(askFor(ledger, two, wish('c', { on: ['docker', 'kubernetes'] }))).toMatchObject([{ is: 'placed', word: { place: { host: 'h1' } } }])
  })

  test('tells all addresses of its host, and its kind where that matters for what sleeps there', () => {
    const ledger = ledgerOf([docker, cluster])
    expect(askFor(ledger, two, wish('a', { on: ['kubernetes'] }))).toMatchObject([{ word: { place: { address: '192.0.2.7', addresses: ['192.0.2.7', '192.0.2.8'], runtime: 'kubernetes' } } }])
    const [plain] = askFor(ledger, two, wish('b', { on: ['docker'] }))
    for (const field of ['addresses', 'runtime']) expect(plain!.word).not.toHaveProperty(`place.${field}`)
  })

  test('that no host of the site is, is told with the next step, but not before every listed host had time to speak', () => {
    const ledger = ledgerOf([docker]), waiting = { ...two, clocks: { ...two.clocks, hostSilentMs: 60_000 } }
    expect(askFor(ledger, waiting, wish('a', { on: ['kubernetes'] }))).toMatchObject([{ is: 'queued', word: { reason: 'waits: no kubernetes host of this site is there; first in line' } }])
    expect(grant(ledger, { ...waiting, now: start + 60_001 })).toMatchObject([
      { is: 'unplaceable', word: { sentence: 'No host of home is of the kind kubernetes.', next: 'Ask for another kind of host, or for another site.' } }])
  })

  test('that is too small says so of that kind alone', () => {
    const ledger = ledgerOf([offerOf('h1', { cpu: 16 }), cluster])
    const [answer] = askFor(ledger, two, wish('a', { cpu: 8, on: ['kubernetes'] }))
    expect(answer!.word).toMatchObject({ sentence: 'No kubernetes host of home is big enough: the largest have 4 cpu and 8 GiB memory.' })
    expect(answer!.word).not.toHaveProperty('next')
  })
})

describe('GPUs of a host', () => {
  test('are lent like cores: only where there are some, never more than there are, and again when they are back', () => {
    const ledger = ledgerOf([docker, cluster])
    expect(placed(askFor(ledger, two, wish('a', { gpu: 1 }), wish('b', { gpu: 1 }), wish('c', { gpu: 1 })))).toEqual(['a', 'b'])
    expect(Object.values(ledger.entries).map(({ host }) => host)).toEqual(['h2', 'h2'])
    giveBack(ledger, { key: 'a', number: 1, paused: true }, two)
    expect(placed(grant(ledger, two))).toEqual(['c'])
  })

  test.each([[[docker], 1, 'No host of home has a GPU.'], [[docker, cluster], 3, 'No host of home has 3 GPUs: the most is 2.']])('that no host has are told as such', (offers, gpu, sentence) => {
    expect(askFor(ledgerOf(offers), viewAt(start, offers.map(({ host }) => host)), wish('a', { gpu }))).toMatchObject([{ is: 'unplaceable', word: { sentence } }])
  })
})

const says = 'the cluster has no room: 0/1 nodes are available.'

describe('a host that has said that it is full', () => {
  test('is passed over though it has room, and the line says why in its words', () => {
    const ledger = ledgerOf([offerOf('h1')])
    expect(askFor(ledger, one, wish('a', { full: [{ host: 'h1', says }] }))).toMatchObject([
      { is: 'queued', word: { position: 1, reason: 'waits for h1: the cluster has no room: 0/1 nodes are available; first in line' } }])
    expect(placed(askFor(ledger, one, wish('b')))).toEqual(['b'])
  })

  test('does not keep it from another, nor from waiting for another that is big enough', () => {
    const ledger = ledgerOf([offerOf('h1'), offerOf('h2', { cpu: 1 })]), full = [{ host: 'h1', says }]
    expect(askFor(ledger, two, wish('a', { full }))).toMatchObject([{ word: { place: { host: 'h2' } } }])
    expect(askFor(ledger, two, wish('b', { full }))).toMatchObject([{ word: { reason: 'waits for 1 cpu; first in line' } }])
  })

  test('is asked again by the same request without it, which keeps its turn', () => {
    const ledger = ledgerOf([offerOf('h1', { cpu: 1 })]), first = wish('a', { full: [{ host: 'h1', says }] })
    askFor(ledger, one, first)
    ask(ledger, wish('b', { member: 'noor' }))
    const { full: _, ...again } = first
    const answers = askFor(ledger, one, again)
    expect(placed(answers)).toEqual(['a'])
    expect(told(answers, 'b')).toMatchObject([{ word: { position: 1 } }])
    expect(ledger.line.waiting).toHaveLength(1)
  })
})

describe('what a lease remembers of hosts that are full', () => {
  const clocks = { ...defaultClocks, roomAgainMs: 1_000 }
  test('is a round of them, until one says so again', () => {
    const round = fullWith(fullWith(undefined, 'h1', 'one'), 'h2', 'two')
    expect(round.hosts).toEqual([{ host: 'h1', says: 'one' }, { host: 'h2', says: 'two' }])
    const next = fullWith(round, 'h2', 'again')
    expect(next.hosts).toEqual([{ host: 'h2', says: 'again' }])
    expect([wasFull(next, 'h1'), wasFull(next, 'h2'), wasFull(next, 'h3'), wasFull(undefined, 'h1')]).toEqual([true, true, false, false])
  })

  test('has it ask less often the longer they are full, within bounds', () => {
    const after = (times: number) => againMs({ input: { clocks } as LeaseState['input'], full: { hosts: [], known: [], times } })
    expect([after(1), after(10), after(10_000)]).toEqual([1_100, 2_000, 10_000])
  })
})
