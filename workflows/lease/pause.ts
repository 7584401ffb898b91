/** Pause and resume: the container stops and keeps its files, its name says that it sleeps, cpu and memory are given back. */
import { condition, getExternalWorkflowHandle, log } from '@temporalio/workflow'
import { accountId, leasePausedSignal } from '../contract.ts'
import { measurePhase } from '../metrics.ts'
import { refusalIn, rootMessage } from '../refuse.ts'
import { sayDuration } from '../rules/duration.ts'
import type { Berthed } from './berth.ts'
import { findPlace, freePlace } from './place.ts'
import { showAttributes } from './show.ts'
import { type LeaseState, type Todo, tellTimeline } from './state.ts'
import * as steps from './steps.ts'
import { tell } from './tell.ts'

/** It shows that it is paused only when the account has heard it: whoever sees it may resume it at once. */
export async function pause({ state }: Berthed, { why, sentence, asked }: Extract<Todo, { is: 'pause' }>): Promise<void> {
  const place = state.place!, { input } = state
  await steps.pauseContainer(state, place)
  await steps.claimName(state, place, { asleep: true })
  await giveBack(state, asked)
  const now = Date.now()
  state.phase = 'paused'
  measurePhase('paused')
  state.pausedAt = now
  state.pausedFor = why
  delete state.idle
  delete state.idleTold
  tellTimeline(state, `paused: ${sentence}`, now)
  showAttributes(state)
  const end = why === 'idle' && input.entitlement.idle ? ` It is deleted after ${sayDuration(input.entitlement.idle.deleteMs)} asleep.` : ''
  tell(state, 'paused', `${input.name} is paused: ${sentence}${end} Wake it with: berth resume ${input.name}`)
}

/** Waits in line when the site has no room now. What cannot be woken stays paused, and the member is told why. */
export async function resume(it: Berthed, by: string): Promise<void> {
  const { state, words } = it, { input } = state
  tellTimeline(state, `to be resumed by ${by}`, Date.now())
  words.set(state.number, {})
  const place = await findPlaceInTime(it)
  if (typeof place === 'string') return staysPaused(state, place)
  try {
    await steps.resumeContainer(state, place)
  } catch (error) {
    if (!refusalIn(error) && !steps.isPortTaken(error)) throw error
    return staysPaused(state, rootMessage(error))
  }
  await steps.claimName(state, place)
  const now = Date.now()
  state.place = place
  state.phase = 'ready'
  delete state.pausedAt
  delete state.pausedFor
  delete state.idle
  delete state.idleTold
  tellTimeline(state, 'resumed', now)
  showAttributes(state)
  tell(state, 'resumed', `${input.name} is awake again.`)
}

async function findPlaceInTime({ state, words }: Berthed): Promise<Awaited<ReturnType<typeof findPlace>>> {
  let found: Awaited<ReturnType<typeof findPlace>> | undefined
  const asking = findPlace(state, words, []).then((answer) => { found = answer })
  asking.catch(() => undefined) // a cancelled story unwinds through the condition below
  const { longestWaitMs } = state.input.entitlement
  if (await condition(() => found !== undefined, longestWaitMs)) return found!
  const why = state.queue?.reason ?? 'the site did not answer'
  delete state.queue
  return `there was no room for ${sayDuration(longestWaitMs)}: ${why}`
}

async function staysPaused(state: LeaseState, why: string): Promise<void> {
  const now = Date.now(), { input } = state
  tellTimeline(state, `stays paused: ${why}`, now)
  await giveBack(state, now)
  tell(state, 'trouble', `${input.name} stays paused: ${why} Try again with: berth resume ${input.name}`)
}

/** Cpu and memory, at the site and in the member's quota. */
async function giveBack(state: LeaseState, since: number): Promise<void> {
  const { input } = state, { key } = input
  await freePlace(state.place!.site, { key, number: state.number, paused: true })
  try {
    await getExternalWorkflowHandle(accountId(input.member)).signal(leasePausedSignal, { key, paused: true, since })
  } catch (error) {
    log.warn('nobody keeps this account any more', { member: input.member, error })
  }
}
