import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import type { Beat } from '../../workflows/ports.ts'
import {
  type IdleRule, type IdleSignal, type PulseRecord, decideIdleness, signalsOf, takeBeat, takePeers, wantsPeers,
} from '../../workflows/rules/idleness.ts'

const second = 1_000, minute = 60 * second, hour = 60 * minute
const at = (now: number): IdleRule => ({ now, cpuShare: 0.01, quietMs: minute, gapMs: minute })
const busy: IdleSignal = { of: 'cpu', is: 'busy', since: 0, share: 0.98, under: 0.01 }
const idle: IdleSignal = { of: 'network', is: 'idle', since: 0 }
const unknown: IdleSignal = { of: 'peers', is: 'unknown', why: 'its host cannot read its connections' }
const never: IdleSignal = { of: 'terminal', is: 'idle' }

describe('the signals together', () => {
  it.each<[string, IdleSignal[], string]>([
    ['one busy signal is enough', [idle, busy, unknown, never], 'busy'],
    ['unknown is not idle', [idle, unknown, never], 'unknown'],
    ['idle is when all are', [idle, never], 'idle'],
    ['nothing known is unknown', [], 'unknown'],
    ['no sign of use ever, without a moment, is unknown', [never], 'unknown'],
  ])('%s', (_, signals, verdict) => {
    expect(decideIdleness(signals, hour).is).toBe(verdict)
  })

  it('are told in one sentence', () => {
    const now = 2 * hour + 3 * minute
    const signals: IdleSignal[] = [
      { of: 'cpu', is: 'idle', since: 3 * minute, share: 0.001, under: 0.01 }, { of: 'network', is: 'idle', since: 0 }, never, { of: 'peers', is: 'idle' },
    ]
    expect(decideIdleness(signals, now)).toEqual({
      is: 'idle', since: 3 * minute, sentence: 'idle for 2 h: cpu 0.1 % (under 1 %), nothing sent for 2 h 3 min, no terminal',
    })
    expect(decideIdleness([busy, idle], now).sentence).toBe('in use: cpu 98 %')
    expect(decideIdleness([idle, unknown], now).sentence).toBe('not known to be idle: its host cannot read its connections')
  })

  it('say busy with any busy one, and idle with nothing but idle ones, since the latest of them', () => {
    const signal = fc.record({
      of: fc.constantFrom('cpu' as const, 'network' as const, 'peers' as const, 'terminal' as const), is: fc.constantFrom('busy' as const, 'idle' as const, 'unknown' as const), since: fc.nat(1e6),
    })
    fc.assert(fc.property(fc.array(signal), (signals) => {
      const verdict = decideIdleness(signals, 1e6), has = (is: string) => signals.some((one) => one.is === is)
      expect(verdict.is).toBe(has('busy') ? 'busy' : has('unknown') || signals.length === 0 ? 'unknown' : 'idle')
      if (verdict.is === 'idle') expect(verdict.since).toBe(Math.max(...signals.map(({ since }) => since)))
    }))
  })
})

/** Readings every 10 s from the beginning. */
function read(beats: readonly Beat[], apart = 10 * second): { record: PulseRecord; now: number } {
  let record: PulseRecord | undefined, now = 0
  for (const beat of beats) {
    record = takeBeat(record, beat, at(now))
    now += apart
  }
  return { record: record!, now: now - apart }
}
const quiet: Beat = { cpuMs: 500, sent: 100, sockets: 0, terminalAges: [] }
const after = (minutes: number, beat: (round: number) => Beat) => read(Array.from({ length: minutes * 6 + 1 }, (_, round) => beat(round)))
const verdictOf = ({ record, now }: { record: PulseRecord; now: number }) => decideIdleness(signalsOf(record, at(now)), now)

describe('readings', () => {
  it('of a container that does nothing make it idle since the first of them', () => {
    expect(verdictOf(after(10, () => quiet))).toMatchObject({ is: 'idle', since: 0 })
  })

  it('count what came before the first of them as use', () => {
    expect(verdictOf(read([quiet])).is).toBe('busy')
  })

  it.each<[string, (round: number) => Beat]>([
    ['computes silently', (round) => ({ ...quiet, cpuMs: round * 9_000 })],
    ['only sends', (round) => ({ ...quiet, sent: round })],
    ['has somebody at a terminal', () => ({ ...quiet, terminalAges: [30 * minute, 5 * second] })],
    ['computes a little now and then', (round) => ({ ...quiet, cpuMs: 500 * Math.floor(round / 5) })],
  ])('of one that %s show it busy', (_, beat) => {
    expect(verdictOf(after(10, beat)).is).toBe('busy')
  })

  it('show the average share of cpu of an idle one', () => {
    const { record, now } = after(10, (round) => ({ ...quiet, cpuMs: round * 20 }))
    expect(verdictOf({ record, now }).sentence).toContain('cpu 0.2 % (under 1 %)')
  })

  it.each<[string, Partial<Beat>]>([
    ['cpu', { cpuMs: undefined as never }], ['network', { sent: undefined as never }], ['connections', { sockets: undefined as never }], ['terminals', { terminalAges: undefined as never }],
  ])('that miss its %s leave it unknown', (_, missing) => {
    const beat = Object.fromEntries(Object.entries({ ...quiet, ...missing, why: 'as told' }).filter(([, value]) => value !== undefined)) as Beat
    expect(verdictOf(after(10, () => beat))).toMatchObject({ is: 'unknown', sentence: 'not known to be idle: as told' })
  })

  it('far apart leave cpu unwatched in between, but not the bytes that were sent', () => {
    const record = takeBeat(after(5, () => quiet).record, quiet, at(hour))
    expect(record).toMatchObject({ cpuAt: hour, sentAt: 0 })
  })

  it('that go back are of another process, and begin anew', () => {
    const { record } = after(5, () => quiet)
    expect(takeBeat(record, { ...quiet, cpuMs: 1 }, at(hour))).toMatchObject({ cpuAt: hour, sentAt: hour })
    expect(takeBeat(record, quiet, at(1))).toMatchObject({ at: 1, cpuAt: 1, sentAt: 1 })
  })

  it('never come to idle sooner than a quiet time after the last sign of use', () => {
    const beat = fc.record({ cpu: fc.nat(300), sent: fc.constantFrom(0, 0, 0, 1), age: fc.constantFrom(undefined, 3 * hour, 10) })
    fc.assert(fc.property(fc.array(beat, { minLength: 1, maxLength: 40 }), (steps) => {
      let cpuMs = 0, sent = 0, used = 0, record: PulseRecord | undefined, now = 0
      for (const [i, step] of steps.entries()) {
        now = i * 10 * second
        cpuMs += step.cpu
        sent += step.sent
        if (step.cpu >= 100 || step.sent > 0) used = now
        if (step.age !== undefined && step.age < hour) used = now - step.age
        record = takeBeat(record, { cpuMs, sent, sockets: 0, terminalAges: step.age === undefined ? [] : [step.age] }, at(now))
      }
      const verdict = decideIdleness(signalsOf(record!, at(now)), now)
      if (verdict.is === 'idle') expect(now - used).toBeGreaterThanOrEqual(minute)
      else expect(verdict.is).toBe('busy')
    }))
  })
})

describe('the dear reading', () => {
  const silent = { ...quiet, sockets: 2 }

  it('is asked for only when all cheap ones say idle, and once while they stay as they are', () => {
    const early = read([silent, silent]), late = after(10, () => silent)
    expect(wantsPeers(early.record, at(early.now))).toBe(false)
    expect(wantsPeers(late.record, at(late.now))).toBe(true)
    const known = takePeers(late.record, { count: 1, lastAgeMs: 5 * minute })
    expect(wantsPeers(known, at(late.now))).toBe(false)
    expect(decideIdleness(signalsOf(known, at(late.now)), late.now)).toMatchObject({ is: 'idle', since: late.now - 5 * minute })
    const more = takeBeat(known, { ...silent, sockets: 3 }, at(late.now + 10 * second))
    expect(wantsPeers(more, at(more.at))).toBe(true)
    expect(signalsOf(more, at(more.at)).find(({ of }) => of === 'peers')!.is).toBe('unknown')
  })

  it('is not asked for without a socket', () => {
    const { record, now } = after(10, () => quiet)
    expect(wantsPeers(record, at(now))).toBe(false)
  })

  it('that fails leaves it unknown, and is tried again after a while', () => {
    const { record, now } = after(10, () => silent), failed = takePeers(record, 'ss is not installed')
    expect(decideIdleness(signalsOf(failed, at(now)), now)).toMatchObject({ is: 'unknown', sentence: 'not known to be idle: ss is not installed' })
    expect([wantsPeers(failed, at(now + minute)), wantsPeers(failed, at(now + 6 * minute))]).toEqual([false, true])
  })

  it('shows a peer who has just spoken', () => {
    const { record, now } = after(10, () => silent)
    expect(decideIdleness(signalsOf(takePeers(record, { count: 1, lastAgeMs: 10 }), at(now)), now).sentence).toMatch(/^in use: a connected peer sent something/)
  })
})
