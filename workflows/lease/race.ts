/** Races a step with the end of the lease: the loser's activities are cancelled, awaited, and undone by the rollback. */
import { CancellationScope, condition, isCancellation } from '@temporalio/workflow'
import { sayDuration } from '../rules/duration.ts'
import { sayFull } from '../rules/line.ts'
import type { Place } from '../terms.ts'
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

/** An admin's word that a host is gone for good ends the waiting for it. */
export const unlessGivenUp = <T>({ gone }: LeaseState, { number }: Place, step: () => Promise<T>): Promise<T> =>
  unlessOver(() => gone.includes(`${number}`), step)

/** It may wait in line for long: its time, and a right that is lost, end it meanwhile. */
export function inItsTime(state: LeaseState, step: () => Promise<void>): Promise<void> {
  return watched(step, async (isDone) => {
    for (let at = endsAt(state)!; !isDone() && !state.over; at = endsAt(state)!) {
      if (at <= Date.now()) return void end(state, whyNow(state, Date.now()), Date.now())
      await condition(() => isDone() || endsAt(state) !== at, at - Date.now())
    }
  })
}

/** The longest wait ends a lease that is not ready by then. */
export function withinWait(state: LeaseState, step: () => Promise<void>): Promise<void> {
  const { input: { asked, entitlement: { longestWaitMs } } } = state
  return watched(step, async (isDone) => {
    if (await condition(isDone, Math.max(1, asked + longestWaitMs - Date.now()))) return
    const why = state.queue?.reason ?? (state.full && sayFull(state.full.hosts))
    end(state, { reason: 'waited too long', sentence: `there was no place for ${sayDuration(longestWaitMs)}${why === undefined ? '' : `: ${why}`}.` }, Date.now())
  })
}

async function watched(step: () => Promise<void>, watch: (isDone: () => boolean) => Promise<void>): Promise<void> {
  let done = false
  watch(() => done).catch(() => undefined) // cancelled with the step
  try {
    await step()
  } finally {
    done = true
  }
}
