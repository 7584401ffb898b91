import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decideExtension, nextMoment } from '../../workflows/rules/due.ts'

const minute = 60_000, hour = 60 * minute
const terms = { stepMs: hour, windowMs: 30 * minute, capMs: 10 * hour }

describe('the next moment of a lease', () => {
  test('is the longest warning that is not given yet, then its end', () => {
    const due = 2 * hour, warnMs = [5 * minute, 30 * minute]
    expect(nextMoment(due, warnMs, { warned: [], since: 0 })).toEqual({ is: 'warn', at: due - 30 * minute, beforeMs: 30 * minute })
    expect(nextMoment(due, warnMs, { warned: [30 * minute], since: 0 })).toEqual({ is: 'warn', at: due - 5 * minute, beforeMs: 5 * minute })
    expect(nextMoment(due, warnMs, { warned: warnMs, since: 0 })).toEqual({ is: 'due', at: due })
  })

  test('leaves out a warning that would be due before the lease was ready', () => {
    expect(nextMoment(10 * minute, [30 * minute, 5 * minute], { warned: [], since: 0 }).beforeMs).toBe(5 * minute)
  })

  test('is never after the end', () => {
    fc.assert(fc.property(fc.nat(1e9), fc.array(fc.integer({ min: 1, max: 1e9 })), fc.nat(1e9), (due, warnMs, since) => {
      expect(nextMoment(due, warnMs, { warned: [], since }).at).toBeLessThanOrEqual(due)
    }))
  })
})

describe('an extension', () => {
  const at = (now: number, byMs?: number) => decideExtension({ now, until: 2 * hour, readyAt: 0, ...(byMs !== undefined && { byMs }) }, terms)

  test('is taken inside the window, one step when no length is named', () => {
    expect(at(2 * hour - 30 * minute)).toEqual({ until: 3 * hour })
    expect(at(2 * hour - 1, 10 * minute)).toEqual({ until: 2 * hour + 10 * minute })
  })

  test('is refused before the window, and says from when', () => {
    expect(at(hour)).toMatchObject({ refusal: { kind: 'tooEarly', sentence: expect.stringContaining('1970-01-01 01:30 UTC') as string } })
  })

  test('is refused beyond a step, and at the cap', () => {
    expect(at(2 * hour - 1, 2 * hour)).toMatchObject({ refusal: { kind: 'tooLong' } })
    expect(decideExtension({ now: 10 * hour - 1, until: 10 * hour, readyAt: 0 }, terms)).toMatchObject({ refusal: { kind: 'atCap' } })
  })

  test('never passes the cap, never shortens', () => {
    fc.assert(fc.property(fc.nat(20 * hour), fc.nat(20 * hour), fc.integer({ min: -hour, max: 3 * hour }), (now, until, byMs) => {
      const decided = decideExtension({ now, until, readyAt: 0, byMs }, terms)
      if ('refusal' in decided) return
      expect(decided.until).toBeLessThanOrEqual(terms.capMs)
      expect(decided.until).toBeGreaterThan(until)
    }))
  })
})
