/** A lease that is there waits on one condition: it warns, watches its idleness, and ends. */
import { condition } from '@temporalio/workflow'
import { type Moment, nextMoment } from '../rules/due.ts'
import { sayDuration } from '../rules/duration.ts'
import { keepsFiles } from '../rules/files.ts'
import { type IdleMoment, nextIdleMoment } from '../rules/idle.ts'
import { sayMoment } from '../rules/moment.ts'
import { drainStep } from './drain.ts'
import { isReadressed } from './readdress.ts'
import { tell } from './tell.ts'
import { type LeaseState, end, endsAt, shownIdle, tellTimeline, whyNow } from './state.ts'

export interface Kept {
  readonly state: LeaseState
  /** Counts what changes the waiting: an extension, a hold, evidence. */
  readonly changes: () => number
  /** Called when something that an admin or a member sees has changed. */
  readonly show: () => void
  /** Time to continue as new. */
  readonly isLong: () => boolean
}

/** Returns when the lease is over, has something to do, or has a long history. */
export async function untilNext({ state, changes, show, isLong }: Kept): Promise<void> {
  const wakes = () => state.over !== undefined || state.todo !== undefined || drainStep(state) !== undefined || isReadressed(state) || isLong()
  while (!wakes()) {
    const now = Date.now(), moment = soonest(state)
    if (moment.at <= now) {
      act(state, moment, now)
      show()
      continue
    }
    const seen = changes()
    await condition(() => wakes() || changes() !== seen, moment.at - now)
  }
}

/** It has waited for another host than those that were full. */
interface RoomMoment {
  readonly is: 'roomAgain'
  readonly at: number
}

/** Its end comes first where two fall together. */
function soonest(state: LeaseState): Moment | IdleMoment | RoomMoment {
  const { entitlement } = state.input
  const timed = nextMoment(endsAt(state)!, entitlement.warnMs, { warned: state.warned, since: state.readyAt! })
  const idle = nextIdleMoment(entitlement.idle, {
    since: state.idle?.since, told: state.idleTold, pausedAt: state.pausedAt, pausedFor: state.pausedFor,
    keptUntil: Math.max(state.keepUntil ?? 0, state.held?.until ?? 0),
  })
  const next = idle && idle.at < timed.at ? idle : timed, againAt = state.moving?.againAt
  return againAt !== undefined && againAt < next.at ? { is: 'roomAgain', at: againAt } : next
}

function act(state: LeaseState, moment: Moment | IdleMoment | RoomMoment, now: number): void {
  switch (moment.is) {
    case 'due': return void end(state, whyNow(state, now), now)
    case 'warn': return warn(state, moment.beforeMs!, now)
    case 'idleNotice': return idleNotice(state, now)
    case 'idlePause':
      state.todo = { is: 'pause', why: 'idle', sentence: sayIdle(state, now) || 'idle', asked: now }
      return
    case 'idleEnd': return void end(state, { reason: 'idle', sentence: 'it slept, idle, for too long.' }, now)
    case 'roomAgain':
      state.moving = { number: state.moving!.number, again: true }
      return
    default: moment satisfies never
  }
}

function warn(state: LeaseState, beforeMs: number, now: number): void {
  state.warned.push(beforeMs)
  const due = endsAt(state)!, left = sayDuration(Math.max(0, due - now))
  tellTimeline(state, `warned: ${left} left`, now)
  const how = state.revoke ? 'Save what you need.' : `Extend it with: berth extend ${state.input.name}`
  tell(state, 'warning', `${state.input.name} ends in ${left}, at ${sayMoment(due)}. ${how}`)
}

function idleNotice(state: LeaseState, now: number): void {
  state.idleTold = true
  const { idle, input } = state, sentence = sayIdle(state, now)
  tellTimeline(state, `looks idle: ${sentence}`, now)
  const pauseAt = nextIdleMoment(input.entitlement.idle, { since: idle?.since, told: true })
  const files = keepsFiles(state.place) ? '' : ', which does not keep its files'
  tell(state, 'idle', `${input.name} looks idle (${sentence}) and is paused at ${sayMoment(pauseAt?.at ?? now)}${files}. Keep it with: berth keep ${input.name}`)
}

const sayIdle = ({ idle }: LeaseState, now: number): string => idle ? shownIdle(idle, now).sentence : ''
