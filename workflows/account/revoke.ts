/** What an account says to its leases when a right is lost, or is back. */
import { getExternalWorkflowHandle, log } from '@temporalio/workflow'
import { revokeSignal } from '../contract.ts'
import type { Books } from './books.ts'

/** Who had it looked at, and whether an admin said that the loss is meant: then the brake does not hold. */
export interface Word {
  readonly by: string
  readonly confirmed?: true
}

/** Shortly before the end, when no regular check comes before it. */
export function lastLook({ clocks }: Books, due: number): number | undefined {
  const left = due - clocks.recheckApartMs - Date.now()
  return left > 0 && left < clocks.recheckMs ? left : undefined
}

/** Tells leases of these keys; one that is gone counts as told. */
export async function revoke(books: Books, keys: readonly string[], word: { by: string; reason: string; at?: number; lifted?: boolean }): Promise<void> {
  await Promise.all(keys.map(async (key) => {
    try {
      const held = books.held[key]
      if (held) await getExternalWorkflowHandle(held.leaseId).signal(revokeSignal, { key, ...word })
    } catch (error) {
      log.warn('a lease could not be told', { leaseId: books.held[key]?.leaseId, error })
    }
  }))
}

export const revokeAll = (books: Books, word: Parameters<typeof revoke>[2]): Promise<void> => revoke(books, Object.keys(books.held), word)
