import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { brakeLimit } from '../../workflows/rules/brake.ts'
import { plan, suspects, unclaimed } from '../../workflows/rules/plan.ts'
import type { Owned, OwnedName } from '../../workflows/ports.ts'
import { reportOf, sweepDetails } from '../../workflows/sweep/report.ts'
import type { Claim, Known, Seen } from '../../workflows/sweep/terms.ts'

const minute = 60_000, now = 1_000 * minute, youngMs = 10 * minute, old = now - 60 * minute
const box = (key: string, over: Partial<Owned> = {}): Owned =>
  ({ what: 'container', key, number: 1, member: 'mika', object: `berth-t-${key}-${over.number ?? 1}`, running: true, hostPorts: [], createdAt: old, ...over })
const name = (key: string, number = 1): OwnedName => ({ zone: 'campus.test', label: `web-${key.slice(0, 6)}`, key, number, ports: [] })
const claim = (key: string, over: Partial<Claim> = {}): Claim =>
  ({ key, leaseId: `lease:web.mika.${key}`, member: 'mika', name: 'web', label: `web-${key.slice(0, 6)}`, phase: 'ready', site: 'campus', host: 'h1', startedAt: old, ...over })
const world = (over: Partial<Seen> & { owned?: Owned[]; names?: OwnedName[] } = {}): Seen => {
  const { owned = [], names = [], ...rest } = over
  return {
    now, youngMs, hosts: [{ host: 'h1', owned }], zones: [{ zone: 'campus.test', site: 'campus', names }], places: [], claims: [], before: [], known: [],
    memory: { since: 0, keptMs: 30 * 24 * 60 * minute, firstSeen: {} }, ...rest,
  }
}
const verdicts = (seen: Seen) => plan(seen).findings.map(({ verdict, what }) => `${verdict} ${what}`)
const closed = (key: string, closedAt = old): Known => ({ key, open: false, closedAt })

describe('a thing with our mark', () => {
  test.each<[string, Parameters<typeof world>[0], string[]]>([
    ['of an open lease is left', { owned: [box('a')], names: [name('a')], claims: [claim('a')] }, []],
    ['of an open lease that did not answer is left, whatever its number', { owned: [box('a'), box('a', { number: 9 })], claims: [claim('a')], names: [name('a')] }, []],
    ['of an older placement of an open lease is surplus', { owned: [box('a'), box('a', { number: 2 })], names: [name('a', 2)], claims: [claim('a', { said: { number: 2, phase: 'ready', host: 'h1' } })] }, ['surplus container']],
    ['of a lease that was open when the sweep began is left', { owned: [box('a')], before: ['a'], known: [closed('a')] }, []],
    ['of a lease that closed just now is left', { owned: [box('a')], known: [closed('a', now - minute)] }, []],
    ['of a lease that closed long ago is surplus', { owned: [box('a')], names: [name('a')], known: [closed('a')] }, ['surplus container', 'surplus name']],
    ['that is young is left alone', { owned: [box('a', { createdAt: now - minute })], known: [closed('a')] }, ['young container']],
    ['made by a clock that is ahead is young', { owned: [box('a', { createdAt: now + 60 * minute })], known: [closed('a')] }, ['young container']],
    ['of a lease that is open after all is left', { owned: [box('a')], known: [{ key: 'a', open: true }] }, []],
    ['whose name was first seen now is young', { names: [name('a')] }, ['young name']],
    ['whose name was seen unclaimed long ago is surplus', { names: [name('a')], memory: { since: 0, keptMs: minute, firstSeen: { 'web-a.campus.test#1': old } } }, ['surplus name']],
    ['that is the network of a member with a lease is left', { owned: [box('net', { what: 'network' })], claims: [claim('a', { phase: 'waiting' })] }, []],
    ['that is the network of a container is left', { owned: [box('net', { what: 'network' }), box('a')], known: [closed('a', now)] }, []],
    ['that is nobody\'s network is surplus', { owned: [box('net', { what: 'network' })] }, ['surplus network']],
    ['that is a volume of a lease that closed long ago is surplus', { owned: [box('a', { what: 'volume' })], known: [closed('a')] }, ['surplus volume']],
    ['that is a volume of an open lease is left', { owned: [box('a', { what: 'volume' })], claims: [claim('a')], names: [name('a')] }, []],
    ['that is a young volume is left alone', { owned: [box('a', { what: 'volume', createdAt: now - minute })], known: [closed('a')] }, ['young volume']],
    ['that is a volume whose container is there goes after it', { owned: [box('a'), box('a', { what: 'volume' })], known: [closed('a')] }, ['surplus container']],
    ['that is a volume of an older placement is surplus, beside the container of the present one', {
      owned: [box('a', { number: 2 }), box('a', { what: 'volume' })], names: [name('a', 2)], claims: [claim('a', { said: { number: 2, phase: 'ready', host: 'h1' } })],
    }, ['surplus volume']],
    ['that is another object of a lease that closed long ago is surplus', { owned: [box('a', { what: 'object' })], known: [closed('a')] }, ['surplus object']],
    ['that is another object whose container is there goes after it', { owned: [box('a'), box('a', { what: 'object' })], known: [closed('a')] }, ['surplus container']],
    ['is told when a site counts it for a closed lease', { places: [{ site: 'campus', hosts: [{ host: 'h1', keys: ['a', 'b'] }] }], claims: [claim('b', { phase: 'starting' })] }, ['healing place']],
  ])('%s', (_, seen, expected) => expect(verdicts(world(seen))).toEqual(expected))

  test('is not planned at all without the list of open leases', () => {
    expect(plan(world({ owned: [box('a')], claims: undefined }))).toMatchObject({ findings: [], removals: [] })
  })
})

describe('a lease', () => {
  const ready = (over = {}) => claim('a', { said: { number: 1, phase: 'ready', host: 'h1', readyAt: old, ...over } })
  test('whose container and name are gone is told', () => {
    expect(verdicts(world({ claims: [ready()] }))).toEqual(['missing container', 'missing name'])
    expect(suspects(world({ claims: [claim('a')] }))).toEqual(['lease:web.mika.a'])
  })
  test('on a host that did not answer misses nothing', () => {
    expect(verdicts(world({ claims: [ready()], hosts: [], zones: [] }))).toEqual([])
  })
  test('that has just become ready misses nothing', () => {
    expect(verdicts(world({ claims: [ready({ readyAt: now - minute })] }))).toEqual([])
  })
  test('that does not get on is told', () => {
    expect(verdicts(world({ claims: [ready({ phase: 'ending', stuck: 'waits for h1' })] }))).toEqual(['stuck lease'])
    expect(suspects(world({ claims: [claim('a', { due: now - 2 * minute })], owned: [box('a')], names: [name('a')] }))).toHaveLength(1)
  })
  test('with two placements is asked, one that is as it should be is not', () => {
    expect(suspects(world({ claims: [claim('a')], owned: [box('a')], names: [name('a')] }))).toEqual([])
    expect(suspects(world({ claims: [claim('a')], owned: [box('a'), box('a', { number: 2 })], names: [name('a')] }))).toHaveLength(1)
    expect(suspects(world({ claims: [claim('a', { host: 'h2' })], owned: [box('a')], names: [name('a')] }))).toHaveLength(1)
  })
})

describe('the brake', () => {
  const many = (n: number) => Array.from({ length: n }, (_, i) => `k${i}`)
  const leftovers = (gone: number, alive: number) => world({
    owned: [...many(gone), ...many(alive).map((key) => `alive${key}`)].map((key) => box(key)),
    claims: many(alive).map((key) => claim(`alive${key}`)), known: many(gone).map((key) => closed(key)),
  })
  test('is 5, or 5 % if that is more', () => {
    expect([0, 5, 100, 119, 120, 2_000].map(brakeLimit)).toEqual([5, 5, 5, 5, 6, 100])
    expect(plan(leftovers(5, 10)).asks).toBeUndefined()
    expect(plan(leftovers(6, 10)).asks).toBe('that is more than 5 of the 16 things with our mark')
    expect(plan(leftovers(10, 190)).asks).toBeUndefined()
    expect(plan(leftovers(11, 190)).asks).toBeDefined()
  })
  test('always holds when the namespace is younger than the oldest mark, or nobody knows its age', () => {
    const seen = leftovers(1, 10)
    expect(plan({ ...seen, memory: { ...seen.memory, since: old + 1 } }).asks).toContain('is it the right one, or restored?')
    expect(plan({ ...seen, memory: { keptMs: 1, firstSeen: {} } }).asks).toContain('nobody wrote down')
  })
  test('holds for a single thing whose lease was never heard of, unless it is older than leases are remembered', () => {
    const seen = world({ owned: [box('a')] })
    expect(plan(seen).asks).toContain('never heard of')
    expect(plan({ ...seen, memory: { ...seen.memory, keptMs: minute } }).asks).toBeUndefined()
  })
})

const key = fc.constantFrom(...'abcdefgh')
const moment = fc.integer({ min: now - 100 * minute, max: now + minute })
const anyWorld: fc.Arbitrary<Seen> = fc.record({
  owned: fc.array(fc.record({ key, number: fc.integer({ min: 1, max: 3 }), createdAt: moment, what: fc.constantFrom('container' as const, 'network' as const), member: key }), { maxLength: 20 }),
  names: fc.array(fc.tuple(key, fc.integer({ min: 1, max: 3 })), { maxLength: 10 }),
  claims: fc.option(fc.array(fc.record({
    key, number: fc.integer({ min: 1, max: 3 }), asked: fc.boolean(), phase: fc.constantFrom('waiting', 'ready', 'paused', 'ending'), member: key,
  }), { maxLength: 6 }), { nil: undefined, freq: 20 }),
  before: fc.array(key, { maxLength: 3 }),
  known: fc.array(fc.record({ key, open: fc.boolean(), closedAt: moment }), { maxLength: 8 }),
  since: fc.option(fc.integer({ min: 0, max: now }), { nil: undefined }),
  keptMs: fc.integer({ min: 0, max: 200 * minute }),
  firstSeen: fc.dictionary(key.map((it) => `web-${it}.campus.test#1`), moment),
}).map(({ owned, names, claims, before, known, since, keptMs, firstSeen }) => world({
  owned: owned.map(({ key, ...over }) => box(key, over)), names: names.map(([it, number]) => name(it, number)), before, known,
  claims: claims?.map(({ key: it, number, asked, phase, member }) => claim(it, { phase, member, ...(asked && { said: { number, phase, host: 'h1' } }) })),
  memory: { keptMs, firstSeen, ...(since !== undefined && { since }) },
}))

test('a name in a zone that two sites share is one thing', () => {
  const zones = ['campus', 'annex'].map((site) => ({ zone: 'campus.test', site, names: [name('a')] }))
  expect(plan(world({ zones, known: [closed('a')] }))).toMatchObject({ ours: 1, removals: [{ is: 'name' }] })
})

test('a report of a thousand leases and two thousand things fits into one payload', () => {
  const key = (i: number) => String(i).padStart(20, 'k')
  const seen = world({
    owned: Array.from({ length: 1_000 }, (_, i) => box(key(i))), names: Array.from({ length: 1_000 }, (_, i) => ({ ...name(key(i)), label: `web-${key(i)}` })),
    claims: Array.from({ length: 1_000 }, (_, i) => claim(key(i + 1_000))),
  })
  const found = plan(seen), silent = Array.from({ length: 100 }, () => 'x'.repeat(2_000))
  const report = reportOf({ input: { mode: 'enforce', youngMs }, seen, silent, plan: found, stopped: true, done: { removed: 0, failed: [] } })
  expect(report).toMatchObject({ ours: 2_000, leases: 1_000, removed: 0, asks: { remove: 1_000 } })
  expect(report.findings.length + report.more).toBe(2_000)
  expect(JSON.stringify(report).length).toBeLessThan(512 * 1_024)
  expect(JSON.stringify(seen.claims).length).toBeLessThan(512 * 1_024)
  expect(sweepDetails(report).length).toBeLessThan(20_000)
})

describe('whatever is seen', () => {
  const numberOf = (removal: ReturnType<typeof plan>['removals'][number]) => removal.is === 'name' ? removal.name : removal.owned
  test('nothing that an open lease claims is removed', () => fc.assert(fc.property(anyWorld, (seen) => {
    const open = new Map(seen.claims?.map((one) => [one.key, one]))
    for (const removal of plan(seen).removals) {
      const thing = numberOf(removal), lease = open.get(thing.key)
      if ('what' in thing && thing.what === 'network') expect([...open.values()].map(({ member }) => member)).not.toContain(thing.member)
      else if (lease) expect(thing.number).toBeLessThan(lease.said!.number)
      else expect(seen.before).not.toContain(thing.key)
    }
  }), { numRuns: 2_000 }))
  test('nothing young is removed, nor what closed just now', () => fc.assert(fc.property(anyWorld, (seen) => {
    const known = new Map(seen.known.map((one) => [one.key, one]))
    for (const removal of plan(seen).removals) {
      if (removal.is === 'owned') expect(now - removal.owned.createdAt).toBeGreaterThanOrEqual(youngMs)
      const { key: its } = numberOf(removal), lease = known.get(its)
      const claimed = seen.claims?.some((one) => one.key === its)
      if (removal.finding.what !== 'network' && !claimed && lease) expect(!lease.open && now - lease.closedAt! >= youngMs).toBe(true)
    }
  }), { numRuns: 2_000 }))
  test('more than the brake allows is never removed unasked, and every removal is something that was seen', () => fc.assert(fc.property(anyWorld, (seen) => {
    const { removals, asks, ours } = plan(seen)
    if (asks === undefined) expect(removals.length).toBeLessThanOrEqual(brakeLimit(ours))
    const there = new Set<unknown>([...seen.hosts.flatMap(({ owned }) => owned), ...seen.zones.flatMap(({ names }) => names)])
    for (const removal of removals) expect(there.has(numberOf(removal))).toBe(true)
    if (seen.claims === undefined) expect(removals).toEqual([])
  }), { numRuns: 2_000 }))
  test('each leftover is looked up before it is judged', () => fc.assert(fc.property(anyWorld, (seen) => {
    const wanted = new Set(unclaimed(seen).map((one) => one.key)), open = new Set(seen.claims?.map((one) => one.key))
    for (const removal of plan(seen).removals) {
      if (removal.finding.what !== 'network') expect(wanted.has(numberOf(removal).key) || open.has(numberOf(removal).key)).toBe(true)
    }
  })))
})
