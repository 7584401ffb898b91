/** A lease that is ready waits on one condition, warns, and ends. */
import { condition } from '@temporalio/workflow'
import { nextMoment } from '../rules/due.ts'
import { sayDuration } from '../rules/duration.ts'
import { sayMoment } from '../rules/moment.ts'
import { tell } from './tell.ts'
import { type LeaseState, end, endsAt, tellTimeline } from './state.ts'

export interface Kept {
  readonly state: LeaseState
  /** Counts what changes the waiting: an extension, a hold, a revocation. */
  readonly changes: () => number
  /** Time to continue as new. */
  readonly isLong: () => boolean
}

/** Returns when the lease is over, or when its history is long. */
export async function untilOver({ state, changes, isLong }: Kept): Promise<void> {
  while (!state.over && !isLong()) {
    const now = Date.now(), due = endsAt(state)!
    if (now >= due) return void end(state, whyNow(state, now), now)
    const seen = changes()
    const since = state.readyAt!
    const moment = nextMoment(due, state.input.entitlement.warnMs, { warned: state.warned, since })
    if (moment.at > now) {
      const changed = await condition(() => state.over !== undefined || changes() !== seen || isLong(), moment.at - now)
      if (changed) continue
    }
    if (moment.is === 'warn') warn(state, moment.beforeMs!, due)
  }
}

function warn(state: LeaseState, beforeMs: number, due: number): void {
  state.warned.push(beforeMs)
  const now = Date.now(), left = sayDuration(Math.max(0, due - now))
  tellTimeline(state, `warned: ${left} left`, now)
  const how = state.revoke ? 'Save what you need.' : `Extend it with: berth extend ${state.input.name}`
  void tell(state.input.member, {
    at: now, key: state.input.key, kind: 'warning', sentence: `${state.input.name} ends in ${left}, at ${sayMoment(due)}. ${how}`,
  })
}

function whyNow(state: LeaseState, now: number) {
  if (state.revoke && now >= state.revoke.at) return { reason: 'revoked', sentence: state.revoke.reason } as const
  return { reason: 'due', sentence: 'its time was over.' } as const
}
