import { describe, expect, it } from 'vitest'
import type { Glimpse } from '../../workflows/ports.ts'
import { type Watched, compare } from '../../workflows/rules/sightings.ts'

const seen = (over: Partial<Glimpse> = {}): Glimpse => ({
  what: 'container', object: 'berth-t-k-1', key: 'k', number: 1, member: 'mika', id: 'one', state: 'running', running: true, hostPorts: [21_000], published: [21_000],
  createdAt: 0, ...over,
})
const stopped = { state: 'stopped', running: false, published: undefined as never } as const
const known = (over: Partial<Watched> = {}): Record<string, Watched> =>
  ({ 'k#1': { key: 'k', number: 1, member: 'mika', id: 'one', running: true, pid: 7, ports: [21_000], told: 'idle', ...over } })
const look = (before: Record<string, Watched>, now: readonly Glimpse[], own = false, first = false) =>
  compare(before, now, { own: () => own, first })
const changes = (...args: Parameters<typeof look>) => look(...args).changes.map(({ is }) => is)

describe('a look at the engine', () => {
  it.each<[string, Record<string, Watched>, Glimpse[], string[]]>([
    ['that meets a container is no news', {}, [seen()], []],
    ['that meets a dead one is no news: its lease is asked', {}, [seen(stopped)], []],
    ['where nothing changed is no news', known(), [seen()], []],
    ['where it runs on other ports', known(), [seen({ published: [21_007] })], ['moved']],
    ['where another runs in its place', known(), [seen({ id: 'two' })], ['replaced']],
    ['where another runs in the place of one that had stopped is no news', known({ running: false }), [seen({ id: 'two' })], []],
    ['where another is only about to run in its place is no news yet', known(), [seen({ id: 'two', state: 'starting', running: false })], []],
    ['where it has stopped', known(), [seen(stopped)], ['stopped']],
    ['where it is still stopped is no news', known({ running: false }), [seen(stopped)], []],
    ['where it is gone', known(), [], ['gone']],
    ['where it went after it had stopped', known({ running: false }), [], ['gone']],
    ['where it runs again is no news', known({ running: false }), [seen()], []],
    ['where somebody is removing it is no news yet', known(), [seen({ state: 'leaving', running: false })], []],
    ['where somebody is making it is no news yet', known(), [seen({ state: 'starting', running: false })], []],
    ['where its ports are not all there is no news', known(), [seen({ published: undefined as never })], []],
  ])('%s', (_, before, now, expected) => {
    expect(changes(before, now)).toEqual(expected)
  })

  it('says nothing of what our own steps take down, and remembers it', () => {
    expect(changes(known(), [seen(stopped)], true)).toEqual([])
    expect(look(known(), [seen(stopped)], true).watched['k#1']!.running).toBe(false)
    expect(look(known(), [], true)).toEqual({ watched: {}, changes: [] })
  })

  it('says why another is in its place, where the host says so', () => {
    expect(look(known(), [seen({ id: 'two', former: 'Evicted: low on memory' })]).changes).toMatchObject([{ is: 'replaced', of: { id: 'two' }, why: 'Evicted: low on memory' }])
    expect(look(known(), [seen({ id: 'two' })], true).changes).toEqual([])
  })

  it('keeps the process, the readings and what was told of one that runs on', () => {
    expect(look(known(), [seen()]).watched).toEqual(known())
  })

  it('forgets them when it is another, or was stopped in between: the next verdict is told in any case', () => {
    for (const { watched } of [look(known(), [seen({ id: 'two' })]), look(known({ running: false }), [seen()])]) {
      expect(watched['k#1']).toEqual({ key: 'k', number: 1, member: 'mika', id: watched['k#1']!.id, running: true, ports: [21_000] })
    }
  })

  it('knows that a lease that it sees from the start was told nothing, and knows nothing of those before', () => {
    expect(look({}, [seen()]).watched['k#1']!.told).toBe('busy')
    expect(look({}, [seen()], false, true).watched['k#1']!.told).toBeUndefined()
  })

  it('keeps what is in the hands of somebody else, until it is gone', () => {
    const { watched } = look(known(), [seen({ state: 'leaving', running: false })])
    expect(watched).toEqual(known())
    expect(changes(watched, [])).toEqual(['gone'])
  })

  it('leaves networks alone', () => {
    expect(look({}, [seen({ what: 'network' })])).toEqual({ watched: {}, changes: [] })
  })
})
