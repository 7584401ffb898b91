/** Races a step with the end of the lease: the loser's activities are cancelled, awaited, and undone by the rollback. */
import { CancellationScope, condition, isCancellation } from '@temporalio/workflow'

/** The lease is over; the story unwinds. Never leaves the workflow. */
export class LeaseOver extends Error {
  override name = 'LeaseOver'
}

export async function unlessOver<T>(isOver: () => boolean, step: () => Promise<T>): Promise<T> {
  if (isOver()) throw new LeaseOver()
  const scope = new CancellationScope()
  const watch = new CancellationScope()
  const running = scope.run(step)
  const over = watch.run(() => condition(isOver)).catch((error: unknown) => {
    if (!isCancellation(error)) throw error
  })
  try {
    await Promise.race([running, over])
    if (!isOver()) return await running
    scope.cancel()
    await running.catch(() => undefined) // what it made meanwhile is undone, whatever it says
    throw new LeaseOver()
  } finally {
    watch.cancel()
    running.catch(() => undefined)
  }
}
