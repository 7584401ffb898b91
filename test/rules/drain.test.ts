import { describe, expect, test } from 'vitest'
import { drainWords, keptHosts, recallHosts } from '../../workflows/rules/drain.ts'
import { giveBack } from '../../workflows/rules/grant.ts'
import { bookOf, emptyLedger } from '../../workflows/rules/placement.ts'
import { askFor, ledgerOf, offerOf, start, viewAt, wish } from './placement.world.ts'

const view = (drain?: 'stay' | 'move') => {
  const { terms, ...rest } = viewAt(start, ['h1'])
  return { ...rest, terms: { ...terms!, ...(drain && { drain }) } }
}
const lent = (draining: boolean) => {
  const ledger = ledgerOf([offerOf('h1')])
  askFor(ledger, view(), wish('a'))
  bookOf(ledger, 'h1').draining = draining
  return ledger
}
const words = (ledger: ReturnType<typeof lent>, drain?: 'stay' | 'move') => drainWords(ledger, view(drain)).map(({ entry, what }) => `${entry.key}: ${what}`)

describe('a lease on a host that drains', () => {
  test.each([['stay'], [undefined]] as const)('is told nothing when the policy says %s', (drain) => {
    expect(words(lent(true), drain)).toEqual([])
  })

  test('is told once when the policy says move, and once that it may stay', () => {
    const ledger = lent(true)
    expect(words(ledger, 'move')).toEqual(['a: host drains'])
    expect(words(ledger, 'move')).toEqual([])
    bookOf(ledger, 'h1').draining = false
    expect(words(ledger, 'move')).toEqual(['a: host stays'])
    expect(words(ledger, 'move')).toEqual([])
  })

  test('is told that it may stay when the policy changes its mind', () => {
    const ledger = lent(true)
    expect(words(ledger, 'move')).toEqual(['a: host drains'])
    expect(words(ledger, 'stay')).toEqual(['a: host stays'])
  })

  test('is told again once it sleeps, and once it is awake again', () => {
    const ledger = lent(true)
    expect(words(ledger, 'move')).toEqual(['a: host drains'])
    giveBack(ledger, { key: 'a', number: 1, paused: true }, view('move'))
    expect(words(ledger, 'move')).toEqual(['a: host drains'])
    askFor(ledger, view('move'), wish('a'))
    expect(words(ledger, 'move')).toEqual(['a: host drains'])
  })

  test('is told nothing while the policy of its site has not been read', () => {
    expect(drainWords(lent(true), {})).toEqual([])
  })
})

test('what admins said of hosts is known again by a ledger that is made anew', () => {
  const ledger = ledgerOf([offerOf('h2'), offerOf('h1'), offerOf('h3')])
  bookOf(ledger, 'h2').draining = bookOf(ledger, 'h1').draining = bookOf(ledger, 'h3').forgotten = true
  const kept = keptHosts(ledger), anew = emptyLedger('home', start)
  expect(kept).toEqual({ draining: ['h1', 'h2'], forgotten: ['h3'] })
  recallHosts(anew, kept)
  expect(keptHosts(anew)).toEqual(kept)
})
