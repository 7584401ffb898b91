import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decideLend, portRefusal } from '../../workflows/rules/lending.ts'
import { defaultClocks as clocks } from '../../workflows/rules/clocks.ts'
import type { LendRequest } from '../../workflows/terms.ts'
import { generous } from '../workflows/terms.ts'

const wish = (over: Partial<LendRequest> = {}): LendRequest => ({ requestId: 'r', key: 'abcdef0123456789abcd', image: 'web', ports: [], ...over })
const decide = (over: Partial<LendRequest>) => decideLend({ member: 'mika', held: [] }, wish(over), { entitlement: generous, clocks, now: 5 })

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

  test('every refusal is one sentence or two, with no line break', () => {
    fc.assert(fc.property(fc.record({
      image: fc.string(), name: fc.string(), ports: fc.array(fc.integer()), forMs: fc.integer(), cpu: fc.double(), memory: fc.integer(), site: fc.string(),
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
