/**
 * An undo stack: undo is registered before its step, is idempotent, unwinds last in first out, and cannot be
 * cancelled. What fails there is the undo's own business: it retries until done.
 */
import { CancellationScope, log } from '@temporalio/workflow'

type Undo = { readonly what: string; readonly run: () => Promise<void> }

export class Rollback {
  readonly #undos: Undo[][] = []

  /** Registers one undo. */
  push(what: string, run: () => Promise<void>): void {
    this.#undos.push([{ what, run }])
  }

  /** Registers undos that may run side by side. */
  beside(what: string, run: () => Promise<void>): void {
    const last = this.#undos.at(-1)
    if (last) last.push({ what, run })
    else this.push(what, run)
  }

  /** Runs them all, last first. One that fails is logged and does not keep the others from running. */
  async unwind(): Promise<void> {
    await CancellationScope.nonCancellable(async () => {
      for (let group = this.#undos.pop(); group; group = this.#undos.pop()) {
        await Promise.all(group.map(async ({ what, run }) => {
          try {
            await run()
          } catch (error) {
            log.error('undo failed', { what, error })
          }
        }))
      }
    })
  }
}
