/** Acts on what a re-check of the directory found, and compares the books with the leases that are open. */
import { getExternalWorkflowHandle, log } from '@temporalio/workflow'
import { revokeSignal } from '../contract.ts'
import { sayDuration } from '../rules/duration.ts'
import type { Standing } from '../steps.ts'
import { type Books, note } from './books.ts'
import { judge } from './rights.ts'

/** `graceMs` when no good check is known: an account that was rebuilt. */
const graceUnknownMs = 60 * 60_000

/** Returns how soon to look again; undefined for the usual time. */
export async function applyStanding(books: Books, standing: Standing, by: string): Promise<number | undefined> {
  const now = Date.now()
  books.clocks = standing.clocks
  const verdict = judge(books, standing, now)
  switch (verdict.is) {
    case 'fine':
    case 'back':
      if (standing.is === 'member') {
        books.uuid ??= standing.uuid
        books.lastGood = { at: now, entitlement: standing.entitlement }
      }
      if (verdict.is === 'back') await lift(books, by)
      return undefined
    case 'doubted':
      books.losing ??= { since: now, sentence: verdict.sentence }
      return Math.max(1, books.losing.since + books.clocks.recheckApartMs - now)
    case 'lost': {
      const grace = books.lastGood?.entitlement.graceMs ?? graceUnknownMs
      books.losing = { since: books.losing?.since ?? now, sentence: verdict.sentence, due: now + grace }
      note(books, { at: now, kind: 'rights', sentence: `${verdict.sentence} Your leases end in ${sayDuration(grace)}; save what you need.` })
      await revokeAll(books, by, { reason: verdict.sentence, at: now + grace })
      return undefined
    }
    case 'losing':
      return undefined
    default:
      return verdict satisfies never
  }
}

async function lift(books: Books, by: string): Promise<void> {
  const due = books.losing?.due
  delete books.losing
  if (due === undefined) return
  note(books, { at: Date.now(), kind: 'rights', sentence: 'Your rights are back; your leases go on.' })
  await revokeAll(books, by, { reason: 'The right came back.', lifted: true })
}

/** Tells every lease; one that is gone counts as told. */
export async function revokeAll(books: Books, by: string, word: { reason: string; at?: number; lifted?: boolean }): Promise<void> {
  await Promise.all(Object.values(books.held).map(async ({ key, leaseId }) => {
    try {
      await getExternalWorkflowHandle(leaseId).signal(revokeSignal, { key, by, ...word })
    } catch (error) {
      log.warn('a lease could not be told', { key, error })
    }
  }))
}
