import { describe, expect, test } from 'vitest'
import { cardOf, sayCard, sayWord } from '../../workflows/rules/card.ts'
import { nextWork } from '../../workflows/link/next.ts'
import type { LinkState, Shown } from '../../workflows/link/state.ts'
import type { Card } from '../../workflows/link/terms.ts'
import type { LeaseStatus, Phase } from '../../workflows/terms.ts'
import { leaseStatus } from '../client/fake.ts'

const when = (at: number) => `<${at}>`
const endpoint = { port: 80, hostPort: 21000, fqdn: 'web-012345.campus.test', address: '10.0.0.1', srv: '_http._tcp.web-012345.campus.test' }
const card = (more: Partial<LeaseStatus> = {}) => cardOf(leaseStatus({ until: 9, endpoints: [endpoint], ...more }))

describe('a card', () => {
  test.each<[Phase, Partial<LeaseStatus>, string, string[]]>([
    ['waiting', {}, '**web** (nginx) is asked for at main.', ['return']],
    ['waiting', { queue: { position: 3, reason: 'no cpu is free' } }, '**web** (nginx) waits in line at main, place 3: no cpu is free.', ['return']],
    ['starting', {}, '**web** (nginx) is starting at main.', ['return']],
    ['ready', {}, '**web** (nginx) is ready until <9>.', ['extend', 'logs', 'return']],
    ['paused', {}, '**web** (nginx) is paused; its files are kept until <9>.', ['resume', 'return']],
    ['ending', {}, '**web** (nginx) is being taken back.', []],
    ['ended', { ending: { key: 'k', name: 'web', member: 'mika', image: 'nginx', reason: 'due', sentence: 'its time was over.', at: 9 } }, '**web** (nginx) is over: its time was over.', []],
  ])('of a lease that is %s says so', (phase, more, says, buttons) => {
    const message = sayCard(card({ phase, ...more }), when)
    expect(message.lines[0]).toBe(says)
    expect(message.buttons.map(({ verb }) => verb)).toEqual(buttons)
  })

  test('of a lease that sleeps where files are not kept says so, and of no other', () => {
    const place = { site: 'main', host: 'h1', number: 1, address: '10.0.0.1', zone: 'campus.test', hostPorts: [21_000] }
    const says = (phase: Phase, runtime?: 'kubernetes') => sayCard(card({ phase, place: { ...place, ...(runtime && { runtime }) } }), when).lines.join()
    expect(says('paused', 'kubernetes')).toContain('**web** (nginx) is paused; its files are not kept, and it ends <9>.')
    expect(says('paused')).toContain('its files are kept until <9>')
    expect(says('ready', 'kubernetes')).toBe(says('ready'))
  })

  test('says how to reach each port, only while something is there', () => {
    expect(sayCard(card(), when).lines).toContain('port 80 is at `web-012345.campus.test:21000`')
    expect(sayCard(card({ phase: 'ending' }), when).lines).toHaveLength(1)
  })

  test('tells what a pull is at', () => expect(sayCard(card({ phase: 'starting' }), when, 'pulls nginx, 40 %').lines[0]).toContain(': pulls nginx, 40 %.'))

  test('warns until something else was said', () => {
    const warning = { at: 5, kind: 'warning', sentence: 'web ends in 5 min.' } as const
    expect(sayWord(card({ notices: [warning] })).lines).toEqual(['web ends in 5 min.'])
    expect(card({ notices: [warning, { at: 6, kind: 'extended', sentence: 'longer' }] }).word).toBeUndefined()
    expect(card({ phase: 'ended', notices: [warning], ending: { key: 'k', name: 'web', member: 'm', image: 'nginx', reason: 'due', sentence: 'over.', at: 9 } }).word).toBeUndefined()
  })

  test('asks before data would be lost', () => {
    expect(sayCard(card(), when).buttons.find(({ verb }) => verb === 'return')).toMatchObject({ style: 'danger', confirm: expect.stringContaining('files') as string })
    expect(sayCard(card({ phase: 'waiting' }), when).buttons[0]).not.toHaveProperty('confirm')
  })
})

describe('a link’s next work', () => {
  const of = { platform: 'slack', tenant: 'T1', user: 'U1' } as const
  const shown = (more: Partial<Shown> = {}, says: Partial<Card> = {}): Shown => ({ card: { ...card(), ...says }, stale: true, since: 0, ...more })
  const state = (more: Partial<LinkState> = {}): LinkState => ({ of, begun: [], cards: {}, sayings: [], ...more })

  test('is an edit at most once a second', () => {
    expect(nextWork(state({ cards: { a: shown({ shownAt: 900 }) } }), 1_000)).toEqual({ is: 'show', key: 'a', at: 1_900 })
    expect(nextWork(state({ cards: { a: shown() } }), 1_000)).toEqual({ is: 'show', key: 'a', at: 1_000 })
  })

  test('is the card before its warning, and no warning that was told', () => {
    const word = { at: 7, kind: 'warning', sentence: 'soon' } as const
    expect(nextWork(state({ cards: { a: shown({}, { word }) } }), 1_000)?.is).toBe('show')
    expect(nextWork(state({ cards: { a: shown({ stale: false }, { word }) } }), 1_000)).toEqual({ is: 'warn', key: 'a', at: 1_000 })
    expect(nextWork(state({ cards: { a: shown({ stale: false, told: 7 }, { word }) } }), 1_000)).toBeUndefined()
  })

  test('waits for a chat that is away, and for the morning with a warning', () => {
    expect(nextWork(state({ cards: { a: shown() }, away: { until: 9_000, waitedMs: 5_000 } }), 1_000)?.at).toBe(9_000)
    const now = Date.parse('2026-11-29T23:00:00Z'), word = { at: now, kind: 'warning', sentence: 'soon' } as const
    const late = state({ quiet: { from: 22 * 60, to: 7 * 60 }, cards: { a: shown({ stale: false }, { word, until: now + 24 * 3_600_000 }) } })
    expect(nextWork(late, now)).toEqual({ is: 'warn', key: 'a', at: Date.parse('2026-11-30T07:00:00Z') })
  })

  test('forgets a card that shows the end, and one that could not for a day', () => {
    expect(nextWork(state({ cards: { a: shown({ stale: false }, { phase: 'ended' }) } }), 1_000)?.is).toBe('forget')
    expect(nextWork(state({ cards: { a: shown({}, { phase: 'ended' }) } }), 1_000)?.is).toBe('show')
    expect(nextWork(state({ cards: { a: shown({}, { phase: 'ended' }) } }), 24 * 3_600_000)?.is).toBe('forget')
  })
})
