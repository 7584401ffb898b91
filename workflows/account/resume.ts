/** `resume`: the account decides, since pausing has freed cpu, memory and GPUs of the member's quota. */
import { getExternalWorkflowHandle, log } from '@temporalio/workflow'
import { resumeSignal, type Paused } from '../contract.ts'
import { refuse, rootMessage } from '../refuse.ts'
import { inUse, quotaRefusal } from '../rules/quota.ts'
import type { Standing } from '../steps.ts'
import { standingOrLater } from './ask.ts'
import { type Books, note } from './books.ts'

export interface ResumeDesk {
  readonly books: Books
  readonly ask: () => Promise<Standing>
  readonly ready: () => Promise<void>
}

interface Wish {
  readonly key: string
  readonly by: string
  readonly at: number
}

export function resuming({ books, ask, ready }: ResumeDesk) {
  /** For leases that are not paused as far as we know: awake, or their word is still on its way. */
  const early = new Map<string, Wish>()

  async function resume(wish: Wish): Promise<void> {
    const standing = await standingOrLater(ask, 'Nothing was resumed.')
    if (standing.is !== 'member') throw refuse(standing.is, standing.sentence)
    const held = books.held[wish.key]
    if (!held) throw refuse('notFound', 'This lease is not here any more. See what you have with: berth list')
    if (!held.paused) return void early.set(wish.key, wish)
    const full = quotaRefusal(inUse(Object.values(books.held)), { count: 0, cpu: held.cpu, memory: held.memory, ...(held.gpu !== undefined && { gpu: held.gpu }) }, standing.entitlement)
    if (full) throw refuse(full.kind, full.sentence)
    const { paused: _, ...counted } = held
    books.held[wish.key] = counted
    await getExternalWorkflowHandle(held.leaseId).signal(resumeSignal, { key: wish.key, by: wish.by })
      .catch((error: unknown) => log.warn('a lease could not be told to resume', { leaseId: held.leaseId, error }))
  }

  return {
    async mayResume(key: string, by: string): Promise<void> {
      const at = Date.now()
      await ready()
      await resume({ key, by, at })
    },

    /** A wish that came after this pause was asked for was meant for it: no member waits for the account to hear of a pause. */
    async hearPaused({ key, paused, since }: Paused): Promise<void> {
      const held = books.held[key], wish = early.get(key)
      if (!held) return
      early.delete(key)
      const { paused: _, ...rest } = held
      books.held[key] = paused ? { ...rest, paused } : rest
      if (!paused || !wish || since === undefined || wish.at < since) return
      await resume(wish).catch((error: unknown) =>
        note(books, { at: Date.now(), kind: 'trouble', sentence: `${held.name} stays paused: ${rootMessage(error)}` }))
    },
  }
}
