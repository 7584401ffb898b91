/** What an account remembers, and what survives continue-as-new. Plain data; the story changes it in synchronous blocks. */
import type { AccountInput } from '../contract.ts'
import type { Refusal } from '../refuse.ts'
import type { Clocks, Desk, Ending, Entitlement, Held, Notice, Receipt } from '../terms.ts'
import { defaultClocks } from '../rules/clocks.ts'

export interface Books {
  readonly member: string
  /** entryUUID that the uid is bound to. */
  uuid?: string
  epoch: number
  held: Record<string, Held>
  /** Request id → first answer: Temporal forgets update ids with the run. */
  receipts: Record<string, { readonly at: number; readonly receipt?: Receipt; readonly refusal?: Refusal; readonly line?: string }>
  notices: Notice[]
  endings: Ending[]
  clocks: Clocks
  lastGood?: { readonly at: number; readonly entitlement: Entitlement }
  /** A right is lost: first seen at `since`; `due` once it was seen twice and leases end then. */
  losing?: Losing
  /** Leases that a narrowed policy does not allow any more, when it says that this ends them. */
  unfit?: Record<string, { readonly since: number; readonly sentence: string; due?: number; readonly confirmedBy?: string }>
  /** Why they do not end: the brake holds. */
  unfitStopped?: string
  /** `BerthPhase` as it was last written. */
  shown?: 'losing'
  /** Held leases that Temporal did not know at the last look. */
  missed: string[]
  /** Chat accounts that are linked to this member, by workflow id. */
  links?: string[]
  emptySince: number
}

export interface Losing {
  readonly since: number
  readonly sentence: string
  readonly due?: number
  /** The brake holds: an admin is asked before leases end. */
  readonly stopped?: string
  /** The admin who said that the loss is meant. */
  readonly confirmedBy?: string
}

const noticesKept = 20, endingsKept = 20, receiptsKept = 500

/** A new book, or the carried one. `rebuilt` is false for a new one: nothing is lent before the open leases are known. */
export function openBooks(input: AccountInput, now: number): { books: Books; rebuilt: boolean } {
  if (input.carried) return { books: input.carried as Books, rebuilt: true }
  return {
    rebuilt: false,
    books: {
      // Later than any epoch of an account that was terminated by hand: what was signed out stays signed out.
      member: input.member, epoch: now, held: {}, receipts: {}, notices: [], endings: [], clocks: defaultClocks, missed: [],
      emptySince: now,
    },
  }
}

export function remember(books: Books, requestId: string, answer: { receipt?: Receipt; refusal?: Refusal; line?: string }, now: number): void {
  for (const [id, { at }] of Object.entries(books.receipts)) if (now - at > books.clocks.receiptMs) delete books.receipts[id]
  const ids = Object.keys(books.receipts) // insertion order is age
  for (const id of ids.slice(0, Math.max(0, ids.length + 1 - receiptsKept))) delete books.receipts[id]
  books.receipts[requestId] = { at: now, ...answer }
}

/** People press Enter again when nothing seems to happen. */
const sameLineMs = 10_000

/** The lease that the same line has just got, if it is still there. */
export function justLent({ receipts, held }: Books, line: string | undefined, now: number): Receipt | undefined {
  if (line === undefined) return undefined
  const found = Object.values(receipts).findLast((one) => one.line === line && now - one.at <= sameLineMs)?.receipt
  return found && found.key in held ? found : undefined
}

export function note(books: Books, notice: Notice): void {
  books.notices = [...books.notices, notice].slice(-noticesKept)
}

export function close(books: Books, key: string, ending: Ending, now: number): void {
  if (key in books.held) {
    delete books.held[key]
    delete books.unfit?.[key]
    if (Object.keys(books.held).length === 0) books.emptySince = now
  }
  if (!books.endings.some((one) => one.key === key)) books.endings = [...books.endings, ending].slice(-endingsKept)
}

export function deskOf(books: Books): Desk {
  return {
    member: books.member,
    epoch: books.epoch,
    leases: Object.values(books.held),
    notices: books.notices,
    endings: books.endings,
    ...(books.lastGood && { entitlement: books.lastGood.entitlement }),
    ...losingOf(books),
  }
}

function losingOf({ losing, unfitStopped, unfit }: Books): Pick<Desk, 'losing'> {
  const stopped = losing?.stopped ?? unfitStopped
  if (losing) return { losing: { at: losing.due ?? losing.since, sentence: losing.sentence, ...(stopped !== undefined && { stopped }) } }
  const [first] = Object.values(unfit ?? {})
  return first ? { losing: { at: first.due ?? first.since, sentence: first.sentence, ...(stopped !== undefined && { stopped }) } } : {}
}

/** In plain words, for the Temporal UI. */
export function accountDetails(books: Books): string {
  const held = Object.values(books.held)
  const rows = held.map((one) => `| ${one.name} | ${one.image} | ${one.site} | ${one.cpu} | ${Math.round(one.memory / 2 ** 20)} Mi | ${one.paused ? 'paused' : ''} |`)
  const { losing: lost } = losingOf(books)
  const losing = lost ? `\n\n**Losing its rights:** ${lost.sentence}${lost.stopped === undefined ? '' : ` **${lost.stopped}**`}` : ''
  if (held.length === 0) return `${books.member} holds nothing.${losing}`
  return [`${books.member} holds ${held.length}.${losing}`, '', '| name | image | site | cpu | memory | |', '|---|---|---|---|---|---|', ...rows].join('\n')
}
