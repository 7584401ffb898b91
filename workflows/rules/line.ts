/**
 * The waiting line of a site: fair between members, without starvation of big requests.
 *
 * - **Turns.** A request gets a turn when it joins: one more than the member's last turn in the line, or than the
 *   line's own turn, whichever is later. Lowest turn first, then oldest. So a member with 20 requests holds the turns
 *   1 to 20, somebody new gets turn 1, and no newcomer can come before a turn that is up for ever: the line's turn
 *   rises with those served (self-clocked fair queueing, Golestani 1994). Within a member the oldest has the first turn.
 * - **Overtaking.** What does not fit may be overtaken, since nobody knows when room is freed: but only
 *   `mostOvertakes` times on hosts where it could run. From then on one host is reserved for it: nothing behind it is
 *   placed there until it has its place. It may still take room anywhere else.
 */
import type { FullHost, PlaceRequest } from '../contract.ts'

/** After so many a request that waits gets a host reserved. */
export const mostOvertakes = 8

export interface Waiting {
  request: PlaceRequest
  turn: number
  overtaken: number
  /** The host that is kept for it. */
  reserved?: string
  /** Its paused place is on this host: it can only resume there. */
  readonly resumes?: string
  /** What the lease was told last. */
  told?: Told
  /** How often in a row its lease was not among the open ones. */
  missed?: number
}

export interface Told {
  readonly position: number
  readonly reason: string
  /** When its likeliest host has room, as far as the ledger can know. */
  readonly freed?: Freed | undefined
}

/** When somebody who waits has room; `freed.ts` looks ahead. */
export interface Freed {
  /** As leases stand now. */
  readonly planned: number
  /** However often they are extended. */
  readonly latest: number
  /** What is free then of what is missing now. */
  readonly what: string
}

export interface Line {
  turn: number
  waiting: Waiting[]
}

const older = (a: Waiting, b: Waiting): number =>
  a.request.since - b.request.since || (a.request.key < b.request.key ? -1 : a.request.key > b.request.key ? 1 : 0)

/** The line in its order. */
export const ordered = (line: Line): Waiting[] => [...line.waiting].sort((a, b) => a.turn - b.turn || older(a, b))

/** Joins, or takes the place of an older number of the same lease. */
export function join(line: Line, request: PlaceRequest, resumes?: string): void {
  const before = line.waiting.find((it) => it.request.key === request.key)
  leave(line, request.key)
  const own = line.waiting.filter((it) => it.request.member === request.member)
  const turn = before?.turn ?? Math.max(line.turn, ...own.map((it) => it.turn)) + 1
  const it: Waiting = { request, turn, overtaken: before?.overtaken ?? 0, ...(resumes !== undefined && { resumes }) }
  line.waiting.push(it)
  own.push(it)
  const turns = own.map((mine) => mine.turn).sort((a, b) => a - b)
  own.sort(older).forEach((mine, i) => { mine.turn = turns[i]! })
}

/** Leaves by key; a newer number than the given one stays. */
export function leave(line: Line, key: string, number = Infinity): void {
  line.waiting = line.waiting.filter((it) => it.request.key !== key || it.request.number > number)
}

/** The line's turn follows those served: a newcomer comes right after the requests whose turn is up. */
export function advance(line: Line): void {
  if (line.waiting.length > 0) line.turn = Math.max(line.turn, Math.min(...line.waiting.map((it) => it.turn)) - 1)
}

/** `first in line`, `2nd in line`, … */
export function positionWord(position: number): string {
  if (position === 1) return 'first in line'
  const tens = position % 100, ones = position % 10
  const suffix = tens >= 11 && tens <= 13 ? 'th' : ones === 1 ? 'st' : ones === 2 ? 'nd' : ones === 3 ? 'rd' : 'th'
  return `${position}${suffix} in line`
}

/** In the hosts' own words. */
export const sayFull = (full: readonly FullHost[]): string =>
  full.map(({ host, says }) => `${host}: ${says.replace(/\.$/, '')}`).join('; ')

/**
 * Whether a lease is told again. Each word costs events in two histories, so far back in the line only a move by a
 * fifth is told; the board always shows the exact position. A time that was told is kept true.
 */
export function worthTelling(told: Told | undefined, now: Told, at: number): boolean {
  if (!told || told.reason !== now.reason || isNews(told.freed, now.freed, at)) return true
  if (told.position === now.position) return false
  return now.position <= 5 || Math.abs(told.position - now.position) * 5 >= told.position
}

const minute = 60_000

/** Whether somebody who was told one time is told another: when it is later, so that a word stays true, or much sooner. */
export function isNews(told: Freed | undefined, now: Freed | undefined, at: number): boolean {
  if (!told || !now) return told !== now
  if (now.planned > told.planned + minute || now.latest > told.latest + minute) return true
  const sooner = told.planned - now.planned
  return sooner > minute && sooner * 5 >= told.planned - at
}
