import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decideLend } from '../../workflows/rules/lending.ts'
import { portRefusal } from '../../workflows/rules/ports.ts'
import { defaultClocks as clocks } from '../../workflows/rules/clocks.ts'
import type { Held, LendRequest, RuntimeKind } from '../../workflows/terms.ts'
import { generous } from '../workflows/terms.ts'

const wish = (over: Partial<LendRequest> = {}): LendRequest => ({ requestId: 'r', key: 'abcdef0123456789abcd', image: 'web', ports: [], ...over })
const decide = (over: Partial<LendRequest>) => decideLend({ member: 'mika', held: [] }, wish(over), { entitlement: generous, clocks, now: 5 })

const heldOf = (name: string): Held =>
  ({ key: name, leaseId: `lease:${name}`, name, label: name, image: 'web', cpu: 0.5, memory: 1, site: 'campus', since: 0 })

describe('what lend decides', () => {
  test('reserves what was asked for, with the policy\'s defaults for what was not', () => {
    const decision = decide({ name: 'page' })
    expect(decision).toMatchObject({ reservation: {
      receipt: { name: 'page', label: 'page-abcdef', fqdn: 'page-abcdef.campus.test', leaseId: 'lease:page.mika.abcdef0123456789abcd', forMs: generous.defaultMs },
      lease: { spec: { reference: 'web:1', ports: [80], cpu: 0.5 }, sites: [{ name: 'campus' }] },
      held: { name: 'page', cpu: 0.5 },
    } })
  })

  test('the member\'s own ports and command come before the image\'s', () => {
    expect(decide({ ports: [8080], command: ['serve'] })).toMatchObject({ reservation: { lease: { spec: { ports: [8080], command: ['serve'] } } } })
  })

  test('an open lease keeps its name from a second one', () => {
    const first = decide({ name: 'page' })
    if (!('reservation' in first)) throw new Error('not lent')
    const again = decideLend({ member: 'mika', held: [first.reservation.held] }, wish({ name: 'page' }), { entitlement: generous, clocks, now: 6 })
    expect(again).toMatchObject({ refusal: { kind: 'nameTaken' } })
  })

  test('GPUs are as many as the groups allow, and are kept in the books', () => {
    const gpus = (gpu: number, most?: number, held = 0) => decideLend(
      { member: 'mika', held: held > 0 ? [{ ...heldOf('other'), gpu: held }] : [] }, wish({ gpu }), { entitlement: { ...generous, ...(most !== undefined && { gpu: most }) }, clocks, now: 5 })
    expect(gpus(2, 2)).toMatchObject({ reservation: { held: { gpu: 2 }, lease: { spec: { gpu: 2 }, entitlement: { gpu: 2 } } } })
    expect(gpus(1)).toEqual({ refusal: { kind: 'tooBig', sentence: 'You may have no GPU; ask again without --gpu.' } })
    expect(gpus(3, 2)).toEqual({ refusal: { kind: 'tooBig', sentence: 'You may have at most 2 GPUs; ask for less with --gpu.' } })
    expect(gpus(2, 2, 1)).toMatchObject({ refusal: { kind: 'quotaFull', sentence: expect.stringContaining('You have 1 of 2 GPUs in use, and this needs 2.') as string } })
    for (const odd of [0, -1, 0.5, Number.NaN]) expect(gpus(odd, 2)).toMatchObject({ refusal: { kind: 'tooBig' } })
  })

  const images = [{ name: 'web', reference: 'web:1' }, { name: 'pod', reference: 'pod:1', on: 'kubernetes' as const }]
  test.each<[string, Partial<LendRequest>, readonly RuntimeKind[] | undefined, object]>([
    ['a member who names no kind may have any', {}, undefined, {}],
    ['a member who names no kind has those of the groups', {}, ['docker'], { on: ['docker'] }],
    ['a kind that is named is the only one', { on: 'kubernetes' }, undefined, { on: ['kubernetes'] }],
    ['an image may name it', { image: 'pod' }, ['docker', 'kubernetes'], { on: ['kubernetes'] }],
    ['both may name the same', { image: 'pod', on: 'kubernetes' }, undefined, { on: ['kubernetes'] }],
    ['they may not differ', { image: 'pod', on: 'docker' }, undefined, { refusal: '“pod” runs on kubernetes alone; ask again without --on.' }],
    ['nobody has more than the groups allow', { on: 'kubernetes' }, ['docker'], { refusal: 'You may lend on docker alone; ask again without --on.' }],
    ['not by an image either', { image: 'pod' }, ['docker'], { refusal: 'You may lend on docker alone, and “pod” runs on kubernetes; ask for another image.' }],
  ])('%s', (_, over, on, expected) => {
    const decision = decideLend({ member: 'mika', held: [] }, wish(over), { entitlement: { ...generous, images, ...(on && { on }) }, clocks, now: 5 })
    if ('refusal' in expected) expect(decision).toEqual({ refusal: { kind: 'hostNotAllowed', sentence: expected.refusal } })
    else if (!('reservation' in decision)) throw new Error(decision.refusal.sentence)
    else expect('on' in decision.reservation.lease ? { on: decision.reservation.lease.on } : {}).toEqual(expected)
  })

  test('the lease carries what its host is to know of the account', () => {
    const { totalCpu, totalMemory, count } = generous
    const decision = decideLend({ member: 'mika', held: [] }, wish(), { entitlement: { ...generous, security: 'baseline' }, clocks, now: 5 })
    expect(decision).toMatchObject({ reservation: { lease: { entitlement: { totalCpu, totalMemory, count, security: 'baseline' } } } })
  })

  test('every refusal is one sentence or two, with no line break', () => {
    fc.assert(fc.property(fc.record({
      image: fc.string(), name: fc.string(), ports: fc.array(fc.integer()), forMs: fc.integer(), cpu: fc.double(), memory: fc.integer(), site: fc.string(),
      gpu: fc.double(), on: fc.constantFrom('docker' as const, 'kubernetes' as const),
    }), (over) => {
      const decision = decide(over)
      if ('refusal' in decision) expect(decision.refusal.sentence).toMatch(/^[^\n]{10,600}$/)
      else expect(decision.reservation.lease.spec.cpu).toBeLessThanOrEqual(generous.cpu)
    }))
  })

  test('a lease has at most eight ports', () => {
    expect(portRefusal([1, 2, 3, 4, 5, 6, 7, 8])).toBeUndefined()
    expect(portRefusal([1, 2, 3, 4, 5, 6, 7, 8, 9])?.kind).toBe('badPort')
  })
})
