/**
 * Whether a lease is in use, from what a process on its host can read. Pure.
 *
 * | some signal | another | together |
 * |---|---|---|
 * | busy | any | busy: one is enough |
 * | unknown | idle or unknown | unknown, which is not idle |
 * | idle | idle, all of them | idle, since the latest sign of use of any |
 *
 * A signal is busy while its last sign of use is younger than `quietMs`. What was not watched (before the first reading,
 * and through a gap) counts as used, for nobody knows better.
 */
import type { Beat } from '../ports.ts'
import { sayDuration } from './duration.ts'

export interface IdleSignal {
  readonly of: 'cpu' | 'network' | 'peers' | 'terminal'
  readonly is: 'busy' | 'idle' | 'unknown'
  /** Last sign of use; absent where there never was any (no terminal, no peer) or it is unknown. */
  readonly since?: number
  /** Share of one core: of the last reading when busy, on average when idle. */
  readonly share?: number
  /** The share under which cpu is idle. */
  readonly under?: number
  /** Why it is unknown. */
  readonly why?: string
}

export interface Verdict {
  readonly is: 'busy' | 'idle' | 'unknown'
  readonly since?: number
  /** "idle for 2 h: cpu 0.1 % (under 1 %), nothing sent for 2 h 3 min, no terminal" */
  readonly sentence: string
}

/** What the readings so far come to. Moments are the reader's. */
export interface PulseRecord {
  readonly at: number
  readonly cpuMs?: number
  readonly sent?: number
  readonly sockets?: number
  readonly cpuAt: number
  readonly cpuMsThen: number
  readonly share: number
  readonly sentAt: number
  /** Last use of any terminal; absent without one. */
  readonly terminalAt?: number
  readonly terminals: 'none' | 'some' | 'unknown'
  readonly why?: string
  /** The last dear reading, and what the cheap ones were then: it stays true while they do. */
  readonly peers?: { readonly sockets: number; readonly sent: number; readonly lastAt?: number; readonly count: number; readonly why?: string; readonly at: number }
}

export interface IdleRule {
  readonly now: number
  readonly cpuShare: number
  readonly quietMs: number
  /** Readings further apart than this leave cpu unwatched in between. */
  readonly gapMs: number
}

export const defaultCpuShare = 0.01

/** Adds one reading. A counter that went back, or a clock that did, begins anew. */
export function takeBeat(before: PulseRecord | undefined, beat: Beat, { now, cpuShare, gapMs }: IdleRule): PulseRecord {
  const went = before && (now < before.at || back(before.cpuMs, beat.cpuMs) || back(before.sent, beat.sent)) ? undefined : before
  if (went && now === went.at) return went
  const gap = went ? now - went.at : 0
  const spent = went?.cpuMs !== undefined && beat.cpuMs !== undefined ? beat.cpuMs - went.cpuMs : undefined
  const share = spent === undefined ? 0 : spent / gap
  const cpuQuiet = went !== undefined && spent !== undefined && gap <= gapMs && share < cpuShare
  const sentQuiet = went?.sent !== undefined && beat.sent === went.sent
  const { terminalAges } = beat
  return {
    at: now, share,
    ...(beat.cpuMs !== undefined && { cpuMs: beat.cpuMs }),
    ...(beat.sent !== undefined && { sent: beat.sent }),
    ...(beat.sockets !== undefined && { sockets: beat.sockets }),
    cpuAt: cpuQuiet ? went.cpuAt : now,
    cpuMsThen: cpuQuiet ? went.cpuMsThen : beat.cpuMs ?? 0,
    sentAt: sentQuiet ? went.sentAt : now,
    terminals: terminalAges === undefined ? 'unknown' : terminalAges.length === 0 ? 'none' : 'some',
    ...(terminalAges !== undefined && terminalAges.length > 0 && { terminalAt: now - Math.max(0, Math.min(...terminalAges)) }),
    ...(beat.why !== undefined && { why: beat.why }),
    ...(went?.peers && { peers: went.peers }),
  }
}

const back = (before: number | undefined, now: number | undefined): boolean => before !== undefined && now !== undefined && now < before

/** How often a reading of peers that failed is tried again. */
const peersAgainMs = 5 * 60_000

/** Whether the dear reading is due: all cheap ones say idle, and the last dear one is not true any more. */
export function wantsPeers(record: PulseRecord, rule: IdleRule): boolean {
  if (cheapSignals(record, rule).some(({ is }) => is !== 'idle') || !record.sockets) return false
  const { peers } = record
  if (!peers || peers.sockets !== record.sockets || peers.sent !== record.sent) return true
  return peers.why !== undefined && rule.now - peers.at >= peersAgainMs
}

/** Adds a dear reading, or why there is none. */
export function takePeers(record: PulseRecord, peers: { readonly count: number; readonly lastAgeMs?: number } | string): PulseRecord {
  const then = { sockets: record.sockets ?? 0, sent: record.sent ?? 0, at: record.at }
  if (typeof peers === 'string') return { ...record, peers: { ...then, count: 0, why: peers } }
  return { ...record, peers: { ...then, count: peers.count, ...(peers.lastAgeMs !== undefined && { lastAt: record.at - peers.lastAgeMs }) } }
}

/** All four. Peers are unknown until they have been read, which happens only when the others are idle. */
export const signalsOf = (record: PulseRecord, rule: IdleRule): IdleSignal[] => [...cheapSignals(record, rule), peersSignal(record, rule)]

function cheapSignals(record: PulseRecord, rule: IdleRule): IdleSignal[] {
  const { why } = record, unknown = (of: IdleSignal['of']): IdleSignal => ({ of, is: 'unknown', ...(why !== undefined && { why }) })
  const quiet = rule.now - record.cpuAt
  const average = quiet > 0 && record.cpuMs !== undefined ? (record.cpuMs - record.cpuMsThen) / quiet : 0
  const cpu = used('cpu', record.cpuAt, rule)
  return [
    record.cpuMs === undefined ? unknown('cpu') : { ...cpu, share: cpu.is === 'busy' ? Math.max(record.share, average) : average, under: rule.cpuShare },
    record.sent === undefined ? unknown('network') : used('network', record.sentAt, rule),
    record.terminals === 'unknown' ? unknown('terminal') : used('terminal', record.terminalAt, rule),
  ]
}

function peersSignal(record: PulseRecord, rule: IdleRule): IdleSignal {
  const { peers, sockets, why } = record
  if (sockets === 0) return { of: 'peers', is: 'idle' }
  if (sockets === undefined) return { of: 'peers', is: 'unknown', ...(why !== undefined && { why }) }
  if (!peers || peers.sockets !== sockets || peers.sent !== record.sent) return { of: 'peers', is: 'unknown', why: 'its connections have not been looked at yet' }
  if (peers.why !== undefined) return { of: 'peers', is: 'unknown', why: peers.why }
  return used('peers', peers.count > 0 ? peers.lastAt ?? record.at : undefined, rule)
}

function used(of: IdleSignal['of'], at: number | undefined, { now, quietMs }: IdleRule): IdleSignal {
  return { of, is: at !== undefined && now - at < quietMs ? 'busy' : 'idle', ...(at !== undefined && { since: at }) }
}

/** `now` is in the clock of the signals. */
export function decideIdleness(signals: readonly IdleSignal[], now: number): Verdict {
  const of = (is: IdleSignal['is']) => signals.filter((signal) => signal.is === is)
  const busy = of('busy'), unknown = of('unknown')
  if (busy.length > 0) return { is: 'busy', sentence: `in use: ${say(busy, now)}` }
  const since = Math.max(...signals.map((signal) => signal.since ?? -Infinity))
  if (unknown.length > 0 || !Number.isFinite(since)) {
    const why = [...new Set(unknown.map((signal) => signal.why ?? `${signal.of} cannot be read`))]
    return { is: 'unknown', sentence: `not known to be idle: ${why.join('; ') || 'nothing can be read'}` }
  }
  return { is: 'idle', since, sentence: `idle for ${sayDuration(now - since)}: ${say(of('idle'), now)}` }
}

const say = (signals: readonly IdleSignal[], now: number): string => signals.map((signal) => sayOne(signal, now)).filter(Boolean).join(', ')

function sayOne({ of, is, since, share = 0, under = defaultCpuShare }: IdleSignal, now: number): string {
  const ago = sayDuration(now - (since ?? now))
  switch (of) {
    case 'cpu': return is === 'busy' && share < under ? `cpu used ${ago} ago` : `cpu ${percent(share)}${is === 'idle' ? ` (under ${percent(under)})` : ''}`
    case 'network': return is === 'busy' ? `sent something ${ago} ago` : `nothing sent for ${ago}`
    case 'terminal': return since === undefined ? 'no terminal' : is === 'busy' ? `a terminal used ${ago} ago` : `no terminal used for ${ago}`
    case 'peers': return since === undefined ? '' : is === 'busy' ? `a connected peer sent something ${ago} ago` : `no byte from a connected peer for ${ago}`
    default: return of satisfies never
  }
}

/** Two digits that mean something: 98 %, 3.2 %, 0.1 %. */
function percent(share: number): string {
  const value = share * 100
  return `${value >= 10 ? Math.round(value) : Math.round(value * 10) / 10} %`
}
