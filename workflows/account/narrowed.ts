/** A policy that was narrowed, and says that this ends what runs: with the same double look, grace and brake as a lost right. */
import { proxyActivities } from '@temporalio/workflow'
import { sayDuration } from '../rules/duration.ts'
import { type Unfit, unfit } from '../rules/unfit.ts'
import type { CoreSteps } from '../steps.ts'
import type { Entitlement } from '../terms.ts'
import { heartbeated } from '../timeouts.ts'
import { type Books, note } from './books.ts'
import { whyStopped } from './brake.ts'
import { type Word, lastLook, revoke } from './revoke.ts'

const { openLeases } = proxyActivities<CoreSteps>({ ...heartbeated, startToCloseTimeout: '2m', summary: 'At which site are these leases now?' })

/** Returns how soon to look again; undefined for the usual time. */
export async function applyNarrowed(books: Books, entitlement: Entitlement, { by, confirmed }: Word): Promise<number | undefined> {
  const found = new Map((await unfitNow(books, entitlement)).map((one) => [one.key, one]))
  const now = Date.now(), marks = books.unfit ?? {}, { recheckApartMs } = books.clocks
  const fits = Object.keys(marks).filter((key) => !found.has(key))
  await revoke(books, fits.filter((key) => marks[key]!.due !== undefined), { by, reason: 'The policy allows it again.', lifted: true })
  const next: NonNullable<Books['unfit']> = {}
  for (const [key, { sentence }] of found) next[key] = { ...marks[key], since: marks[key]?.since ?? now, sentence, ...(confirmed && { confirmedBy: by }) }
  books.unfit = next
  delete books.unfitStopped
  const sure = Object.keys(next).filter((key) => now - next[key]!.since >= recheckApartMs)
  const open = sure.filter((key) => next[key]!.confirmedBy === undefined)
  const stopped = open.length > 0 ? await whyStopped(books, 'narrowed') : undefined
  if (stopped !== undefined) {
    books.unfitStopped = stopped
    await revoke(books, open.filter((key) => next[key]!.due !== undefined), { by, reason: 'An admin is asked first.', lifted: true })
    for (const key of open) delete next[key]!.due
  }
  const end = sure.filter((key) => next[key]!.due === undefined && (stopped === undefined || next[key]!.confirmedBy !== undefined))
  for (const key of end) await endUnfit(books, key, { by, due: Date.now() + entitlement.graceMs, graceMs: entitlement.graceMs })
  const waits = Object.values(next).map(({ since, due }) =>
    due !== undefined ? lastLook(books, due) : now - since < recheckApartMs ? Math.max(1, since + recheckApartMs - now) : undefined)
  const soonest = Math.min(...waits.filter((ms) => ms !== undefined))
  return Number.isFinite(soonest) ? soonest : undefined
}

async function endUnfit(books: Books, key: string, { by, due, graceMs }: { by: string; due: number; graceMs: number }): Promise<void> {
  const mark = books.unfit?.[key]
  if (!mark || !(key in books.held)) return
  mark.due = due
  note(books, { at: Date.now(), key, kind: 'rights', sentence: `${mark.sentence} It ends in ${sayDuration(graceMs)}; save what you need.` })
  await revoke(books, [key], { by, reason: mark.sentence, at: due })
}

/** A lease may stand at another site than the first that was chosen for it: Temporal knows. */
async function unfitNow(books: Books, entitlement: Entitlement): Promise<Unfit[]> {
  const first = unfit(Object.values(books.held), entitlement)
  const doubtful = new Set(first.filter(({ what }) => what === 'site').map(({ key }) => key))
  if (doubtful.size === 0) return first
  const { leases } = await openLeases({ member: books.member }, Object.keys(books.held).filter((key) => !doubtful.has(key)))
  for (const { key, site } of leases) {
    const held = books.held[key]
    if (held) books.held[key] = { ...held, site }
  }
  return unfit(Object.values(books.held), entitlement)
}
