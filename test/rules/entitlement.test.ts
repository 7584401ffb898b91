import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultClocks } from '../../workflows/rules/clocks.ts'
import { entitlementOf, isAdminBy, type GroupTerms, type PolicyTerms } from '../../workflows/rules/entitlement.ts'
import type { Entitlement } from '../../workflows/terms.ts'

const images = ['web', 'tools', 'gpu'].map((name) => ({ name, reference: `${name}:1` }))
const sites = ['campus', 'lab', 'cloud'].map((name) => ({ name, zone: `${name}.example.org`, hosts: [`${name}-1`], ttlMs: 1, negativeTtlMs: 1 }))
const names = ['a', 'b', 'c', 'd']
const number = fc.integer({ min: 1, max: 1000 })
const idle = fc.option(fc.record({ noticeMs: number, pauseMs: number, deleteMs: number, cpuShare: fc.constantFrom(0.01, 0.02, 0.5) }), { nil: undefined })
const terms = fc.record({
  images: fc.subarray([...images, { name: 'python:*' }, { name: 'redis:7', reference: 'redis:7' }]),
  sites: fc.subarray(sites.map(({ name }) => name)), cpu: number, memory: number, count: number, totalCpu: number, totalMemory: number,
  defaultMs: number, longestMs: number, longestWaitMs: number, extend: fc.record({ stepMs: number, windowMs: number, capMs: number }),
  warnMs: fc.array(number, { maxLength: 3 }), graceMs: number, restart: fc.constantFrom('never' as const, 'always' as const),
  narrowed: fc.constantFrom('keep' as const, 'end' as const),
})
const extra = fc.record({
  gpu: fc.integer({ min: 1, max: 4 }), on: fc.subarray(['docker' as const, 'kubernetes' as const], { minLength: 1 }), security: fc.constant('baseline' as const),
}, { requiredKeys: [] })
const group = fc.tuple(terms, extra, idle).map(([one, extra, idle]) => ({ ...one, ...extra, ...(idle && { idle }) }))
const policy: fc.Arbitrary<PolicyTerms> = fc.tuple(group, group, group, group).map((all) => ({
  groups: all.map((one, at): GroupTerms => ({ ...one, name: names[at]! })), sites, images, clocks: defaultClocks, admins: ['wheel'],
}))

/** Everything that `less` allows, `more` allows too. */
function assertCovers(more: Entitlement, less: Entitlement): void {
  for (const field of ['cpu', 'memory', 'count', 'totalCpu', 'totalMemory', 'defaultMs', 'longestMs', 'longestWaitMs', 'graceMs'] as const) {
    expect(more[field], field).toBeGreaterThanOrEqual(less[field])
  }
  for (const field of ['stepMs', 'windowMs', 'capMs'] as const) expect(more.extend[field]).toBeGreaterThanOrEqual(less.extend[field])
  expect(more.images).toEqual(expect.arrayContaining([...less.images]))
  expect(more.sites).toEqual(expect.arrayContaining([...less.sites]))
  expect(more.warnMs).toEqual(expect.arrayContaining([...less.warnMs]))
  expect(more.catalog).toEqual(less.catalog)
  if (less.restart === 'always') expect(more.restart).toBe('always')
  if (less.narrowed === 'keep') expect(more.narrowed).toBe('keep')
  expect(more.gpu ?? 0).toBeGreaterThanOrEqual(less.gpu ?? 0)
  if (!less.on) expect(more.on).toBeUndefined()
  if (more.on) expect(more.on).toEqual(expect.arrayContaining([...less.on!]))
  if (less.security) expect(more.security).toBe('baseline')
  if (!less.idle) expect(more.idle).toBeUndefined()
  if (more.idle) {
    for (const stage of ['noticeMs', 'pauseMs', 'deleteMs'] as const) expect(more.idle[stage]).toBeGreaterThanOrEqual(less.idle![stage])
    expect(more.idle.cpuShare).toBeLessThanOrEqual(less.idle!.cpuShare)
  }
}

describe('the entitlement of a member of several groups', () => {
  test('being in one more group never takes anything away', () => {
    fc.assert(fc.property(policy, fc.subarray(names, { minLength: 1 }), fc.constantFrom(...names), (terms, mine, more) => {
      assertCovers(entitlementOf(terms, [...mine, more], 'd')!, entitlementOf(terms, mine, 'd')!)
    }))
  })

  test('neither the order nor the case of groups, nor a group of no meaning, changes anything', () => {
    fc.assert(fc.property(policy, fc.subarray(names, { minLength: 1 }), (terms, mine) => {
      const other = ['unheard of', ...mine.toReversed().map((name) => name.toUpperCase()), ...mine]
      expect(entitlementOf(terms, other, 'd')).toEqual(entitlementOf(terms, mine, 'd'))
    }))
  })

  test('a member of one group has what the group has; of none, nothing', () => {
    fc.assert(fc.property(policy, fc.constantFrom(...names), (terms, name) => {
      const group = terms.groups.find((one) => one.name === name)!
      expect(entitlementOf(terms, [name], 'digest')).toMatchObject({ policy: 'digest', cpu: group.cpu, restart: group.restart, extend: group.extend })
      expect(entitlementOf(terms, ['x'], 'd')).toBeUndefined()
      expect(entitlementOf(terms, [], 'd')).toBeUndefined()
    }))
  })

  test('images and sites come in the order of the policy, each once; warnings longest first', () => {
    fc.assert(fc.property(policy, fc.subarray(names, { minLength: 1 }), (terms, mine) => {
      const all = entitlementOf(terms, mine, 'd')!
      const inOrder = (listed: readonly string[], order: readonly string[]) =>
        expect(listed.filter((name) => order.includes(name))).toEqual(order.filter((name) => listed.includes(name)))
      inOrder(all.sites.map(({ name }) => name), sites.map(({ name }) => name))
      inOrder(all.images.map(({ name }) => name), images.map(({ name }) => name))
      expect(new Set(all.images.map(({ name }) => name)).size).toBe(all.images.length)
      expect(all.warnMs).toEqual([...new Set(all.warnMs)].sort((a, b) => b - a))
    }))
  })

  test('the first site and image are the policy\'s first that any group may use', () => {
    const [terms] = fc.sample(policy, 1) as [PolicyTerms]
    const groups = [{ ...terms.groups[0]!, sites: ['cloud', 'lab'] }, { ...terms.groups[1]!, sites: ['campus'] }]
    expect(entitlementOf({ ...terms, groups }, ['a', 'b'], 'd')!.sites.map(({ name }) => name)).toEqual(['campus', 'lab', 'cloud'])
  })

  test('who names every kind of host, or none, may have any; baseline and GPUs come from whoever grants them', () => {
    const [terms] = fc.sample(policy, 1) as [PolicyTerms]
    const groups = (...all: readonly Partial<GroupTerms>[]) => all.map((one, at): GroupTerms => {
      const { gpu: _, on: __, security: ___, ...plain } = terms.groups[at]!
      return { ...plain, ...one }
    })
    const of = (...all: readonly Partial<GroupTerms>[]) => entitlementOf({ ...terms, groups: groups(...all) }, ['a', 'b'], 'd')!
    expect(of({ on: ['kubernetes'] }, { on: ['kubernetes'] })).toMatchObject({ on: ['kubernetes'] })
    for (const any of [of({ on: ['kubernetes'] }, { on: ['docker'] }), of({ on: ['kubernetes'] }, {})]) expect(any).not.toHaveProperty('on')
    expect(of({ gpu: 2 }, { security: 'baseline', gpu: 1 })).toMatchObject({ gpu: 2, security: 'baseline' })
    expect(of({}, {})).not.toHaveProperty('gpu')
    expect(of({}, {})).not.toHaveProperty('security')
  })

  test('admins are by group, whatever its case', () => {
    expect(isAdminBy({ admins: ['wheel'] }, ['x', 'WHEEL'])).toBe(true)
    expect(isAdminBy({ admins: ['wheel'] }, ['wheels'])).toBe(false)
    expect(isAdminBy({ admins: [] }, [])).toBe(false)
  })
})
