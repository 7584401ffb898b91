/** Races a step with the end of the lease: the loser's activities are cancelled, awaited, and undone by the rollback. */
import { CancellationScope, condition, isCancellation } from '@temporalio/workflow'
import { type LeaseState, end, endsAt, whyNow } from './state.ts'

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

/** It may wait in line for long: its time, and a right that is lost, end it meanwhile. */
export async function inItsTime(state: LeaseState, step: () => Promise<void>): Promise<void> {
  let done = false
  const watch = async () => {
    for (let at = endsAt(state)!; !done && !state.over; at = endsAt(state)!) {
      if (at <= Date.now()) return void end(state, whyNow(state, Date.now()), Date.now())
      await condition(() => done || endsAt(state) !== at, at - Date.now())
    }
  }
  watch().catch(() => undefined) // cancelled with the step
  try {
    await step()
  } finally {
    done = true
  }
}
