import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDuration, sayDuration } from '../../workflows/rules/duration.ts'
import { sayMoment } from '../../workflows/rules/moment.ts'

const minute = 60_000, hour = 60 * minute, day = 24 * hour

describe('durations', () => {
  test.each([
    ['2h', 2 * hour], ['2h30m', 2.5 * hour], ['2h 30m', 2.5 * hour], ['1.5h', 1.5 * hour], ['1 day', day], ['90 minutes', 1.5 * hour],
    ['3 d', 3 * day], [' 5min ', 5 * minute], ['1d2h3m', day + 2 * hour + 3 * minute], ['0.5m', 30_000], ['0m', 0], ['2 hours', 2 * hour],
  ])('%j is read', (text, ms) => expect(parseDuration(text)).toBe(ms))

  test.each([
    '', ' ', '1,5h', '2', '-5m', '+5m', '1e9h', '2hh', '1M', '3mo', '2H', 'PT2H', 'soon', '2時間', '７日', '٢h', '2h foo', 'foo 2h', '2.h', '.5h',
    '1.2.3h', '0x10m', 'Infinityh', 'NaNm', '2h-1h', '1w', '1y', '5s', '2h\0', '２h', '9'.repeat(30) + 'd', '1m '.repeat(50), '2h;rm', '--for 2h',
  ])('%j is not', (text) => expect(parseDuration(text)).toBeUndefined())

  test('seconds are for the policy alone', () => {
    expect(parseDuration('45s', { seconds: true })).toBe(45_000)
    expect(parseDuration('1m 30 seconds', { seconds: true })).toBe(90_000)
    expect(parseDuration('45ms', { seconds: true })).toBeUndefined()
  })

  test('whatever is typed is a whole number of milliseconds that is not negative, or nothing', () => {
    const typed = fc.oneof(fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[0-9hmdeE.,+\- ]{0,20}$/))
    fc.assert(fc.property(typed, (text) => {
      const ms = parseDuration(text)
      expect(ms === undefined || (Number.isSafeInteger(ms) && ms >= 0)).toBe(true)
    }))
  })

  test('parts add up in any spelling and order', () => {
    const units = fc.constantFrom(['m', minute], ['min', minute], ['minutes', minute], ['h', hour], ['hours', hour], ['d', day], ['day', day])
    const part = fc.tuple(fc.integer({ min: 0, max: 999 }), units, fc.constantFrom('', ' '))
    fc.assert(fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), (parts) => {
      const text = parts.map(([n, [unit], gap]) => `${n}${gap}${unit}`).join(' ')
      expect(parseDuration(text)).toBe(parts.reduce((sum, [n, [, ms]]) => sum + n * (ms as number), 0))
    }))
  })

  test.each([
    [0, '0 s'], [1, '1 ms'], [499, '499 ms'], [500, '1 s'], [45_000, '45 s'], [59_700, '1 min'], [90_000, '1 min 30 s'], [hour, '1 h'],
    [2.5 * hour, '2 h 30 min'], [hour - 1, '1 h'], [day - 1, '1 d'], [3 * day + hour, '3 d 1 h'], [60 * day, '60 d'], [-5, '0 s'],
  ])('%d ms is said as %j', (ms, said) => expect(sayDuration(ms)).toBe(said))

  test('what is said is near what is meant, and never says 60 min or 24 h', () => {
    fc.assert(fc.property(fc.integer({ min: 500, max: 400 * day }), (ms) => {
      const said = sayDuration(ms)
      expect(said).not.toMatch(/\b60 (s|min)|\b24 h/)
      const back = parseDuration(said, { seconds: true })
      expect(Math.abs(back! - ms)).toBeLessThanOrEqual(Math.max(500, ms * 0.04))
    }))
  })

  test('a moment is said to the minute, in UTC', () => {
    expect(sayMoment(Date.UTC(2026, 10, 28, 12, 40, 59))).toBe('2026-11-28 12:40 UTC')
    expect(sayMoment(Number.POSITIVE_INFINITY)).toBe('never')
  })
})
