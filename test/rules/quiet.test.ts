import { describe, expect, test } from 'vitest'
import { parseQuiet, quietEnds, sayQuiet, tellAt } from '../../workflows/rules/quiet.ts'

const night = { from: 22 * 60, to: 7 * 60 }, at = (text: string) => Date.parse(text), minute = 60_000

describe('quiet hours', () => {
  test.each<[string, string, string | undefined]>([
    ['2026-11-29T21:59:30Z', 'UTC', undefined],
    ['2026-11-29T22:00:00Z', 'UTC', '2026-11-30T07:00:00Z'],
    ['2026-11-30T03:20:40Z', 'UTC', '2026-11-30T07:00:00Z'],
    ['2026-11-30T07:00:00Z', 'UTC', undefined],
    ['2026-11-29T21:30:00Z', 'Europe/Zurich', '2026-11-30T06:00:00Z'],
    ['2026-11-29T13:30:00Z', 'Asia/Tokyo', '2026-11-29T22:00:00Z'],
    ['2026-11-29T22:30:00Z', 'Nowhere/Land', '2026-11-30T07:00:00Z'],
  ])('at %s in %s end at %s', (now, zone, ends) => {
    expect(quietEnds(night, at(now), zone)).toBe(ends === undefined ? undefined : at(ends))
  })

  test('hold back only a warning that still helps when they are over', () => {
    const now = at('2026-11-29T23:00:00Z'), ends = at('2026-11-30T07:00:00Z')
    const told = (due: number | undefined) => tellAt(due, now, { quiet: night, timeZone: 'UTC' })
    expect(told(ends + 2 * 3_600_000)).toBe(ends)
    expect(told(ends + 30 * minute)).toBe(ends)
    expect(told(ends + 29 * minute)).toBe(now)
    expect(told(now + 5 * minute)).toBe(now)
    expect(told(undefined)).toBe(ends)
    expect(tellAt(undefined, now, {})).toBe(now)
  })

  test.each([['22:00-07:00', night], ['22-7', night], [' 9:30 - 10 ', { from: 570, to: 600 }]])('are read from %j', (text, quiet) => {
    expect(parseQuiet(text)).toEqual(quiet)
  })

  test.each(['', 'night', '25-7', '22:60-7', '22', '7-7', '22-7-8', '-1-7', '22:00 07:00'])('are not read from %j', (text) => {
    expect(parseQuiet(text)).toBeUndefined()
  })

  test('are said as clocks show them', () => expect(sayQuiet(night)).toBe('22:00 to 07:00'))
})
