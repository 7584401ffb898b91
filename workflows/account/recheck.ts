/** Acts on what a re-check of the directory found. */
import { sayDuration } from '../rules/duration.ts'
import type { Standing } from '../steps.ts'
import { type Books, note } from './books.ts'
import { whyStopped } from './brake.ts'
import { applyNarrowed } from './narrowed.ts'
import { type Word, lastLook, revokeAll } from './revoke.ts'
import { judge } from './rights.ts'

/** `graceMs` when no good check is known: an account that was rebuilt. */
const graceUnknownMs = 60 * 60_000

/** Returns how soon to look again; undefined for the usual time. */
export async function applyStanding(books: Books, standing: Standing, word: Word): Promise<number | undefined> {
  const now = Date.now()
  books.clocks = standing.clocks
  const verdict = judge(books, standing, now)
  if (word.confirmed && books.losing) books.losing = { ...books.losing, confirmedBy: word.by }
  switch (verdict.is) {
    case 'fine':
    case 'back':
      if (verdict.is === 'back') await lift(books, word.by)
      if (standing.is !== 'member') return undefined
      books.uuid ??= standing.uuid
      books.lastGood = { at: now, entitlement: standing.entitlement }
      return applyNarrowed(books, standing.entitlement, word)
    case 'doubted':
      books.losing ??= { since: now, sentence: verdict.sentence, ...(word.confirmed && { confirmedBy: word.by }) }
      return Math.max(1, books.losing.since + books.clocks.recheckApartMs - now)
    case 'lost':
      return lose(books, verdict.sentence, word)
    case 'losing':
      return loseStill(books, word)
    default:
      return verdict satisfies never
  }
}

async function lose(books: Books, sentence: string, { by }: Word): Promise<number | undefined> {
  const { since, confirmedBy } = books.losing!
  const confirmed = confirmedBy !== undefined && { confirmedBy }
  const stopped = confirmed ? undefined : await whyStopped(books, 'rights')
  if (stopped !== undefined) {
    books.losing = { since, sentence, stopped }
    return undefined
  }
  const now = Date.now(), grace = books.lastGood?.entitlement.graceMs ?? graceUnknownMs
  books.losing = { since, sentence, due: now + grace, ...confirmed }
  note(books, { at: now, kind: 'rights', sentence: `${sentence} Your leases end in ${sayDuration(grace)}; save what you need.` })
  await revokeAll(books, { by, reason: sentence, at: now + grace })
  return lastLook(books, now + grace)
}

/** The first few of a mass loss are through before it shows: so each looks again while its grace runs. */
async function loseStill(books: Books, { by }: Word): Promise<number | undefined> {
  const { confirmedBy, due, ...losing } = books.losing!
  if (confirmedBy !== undefined || due === undefined || due <= Date.now()) return undefined
  const stopped = await whyStopped(books, 'rights')
  if (stopped === undefined) return lastLook(books, due)
  books.losing = { ...losing, stopped }
  note(books, { at: Date.now(), kind: 'rights', sentence: 'Your leases go on until an admin has looked at it.' })
  await revokeAll(books, { by, reason: 'An admin is asked first.', lifted: true })
  return undefined
}

async function lift(books: Books, by: string): Promise<void> {
  const due = books.losing?.due
  delete books.losing
  if (due === undefined) return
  note(books, { at: Date.now(), kind: 'rights', sentence: 'Your rights are back; your leases go on.' })
  await revokeAll(books, { by, reason: 'The right came back.', lifted: true })
}
