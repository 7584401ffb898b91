/**
 * Pause and resume: the container stops and keeps its files, where its host can keep them; its name says that it sleeps;
 * cpu, memory and GPUs are given back.
 */
import { condition, getExternalWorkflowHandle, log, sleep } from '@temporalio/workflow'
import { accountId, leasePausedSignal } from '../contract.ts'
import { measurePhase } from '../metrics.ts'
import { refusalIn, rootMessage } from '../refuse.ts'
import { sayDuration } from '../rules/duration.ts'
import { keepsFiles } from '../rules/files.ts'
import type { Place } from '../terms.ts'
import type { Berthed } from './berth.ts'
import { againMs, fullWith } from './full.ts'
import { findPlace, freePlace } from './place.ts'
import { sayFull } from '../rules/line.ts'
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
  delete state.readdressed
  tellTimeline(state, `paused: ${sentence}`, now)
  showAttributes(state)
  const end = why === 'idle' && input.entitlement.idle ? ` It is deleted after ${sayDuration(input.entitlement.idle.deleteMs)} asleep.` : ''
  const files = keepsFiles(place) ? '' : ' Its files are not kept: it starts afresh.'
  tell(state, 'paused', `${input.name} is paused: ${sentence}${files}${end} Wake it with: berth resume ${input.name}`)
}

/** Waits in line when site or host have no room now. What cannot be woken stays paused, and the member is told why. */
export async function resume(it: Berthed, by: string): Promise<void> {
  const { state } = it, { input } = state
  tellTimeline(state, `to be resumed by ${by}`, Date.now())
  const place = await wake(it, Date.now() + input.entitlement.longestWaitMs)
  delete state.full
  delete state.queue
  if (typeof place === 'string') return staysPaused(state, place)
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
  tell(state, 'resumed', `${input.name} is awake again${keepsFiles(place) ? '.' : ', and starts afresh: its files were not kept.'}`)
}

/** Where it runs again, or why it does not by then. It can wake up on its own host alone, so where that is full it waits. */
async function wake(it: Berthed, until: number): Promise<Place | string> {
  const { state } = it
  for (;;) {
    const place = await findPlaceInTime(it, until)
    if (typeof place === 'string') return place
    try {
      await steps.resumeContainer(state, place)
      return place
    } catch (error) {
      if (!refusalIn(error) && !steps.isPortTaken(error) && !steps.isNoRoom(error)) throw error
      // A cluster would try on by itself, and count as used what nobody counts.
      if (steps.isNoRoom(error) || !keepsFiles(place)) await steps.pauseContainer(state, place)
      if (!steps.isNoRoom(error) || !(await untilRoom(it, { place, says: rootMessage(error), until }))) return rootMessage(error)
    }
  }
}

/** False when its time would be over before the next try. Meanwhile it holds no room. */
async function untilRoom({ state, show }: Berthed, { place, says, until }: { place: Place; says: string; until: number }): Promise<boolean> {
  state.full = fullWith(state.full, place.host, says)
  const wait = againMs(state), { key, name } = state.input
  if (Date.now() + wait >= until) return false
  const reason = `waits for ${sayFull(state.full.hosts)}`
  if (!state.queue) tell(state, 'queued', `${name} waits to be woken: ${reason}.`)
  state.queue = { position: 1, reason }
  show()
  await freePlace(place.site, { key, number: state.number, paused: true })
  await sleep(wait, { summary: `${place.host} had no room; try again` })
  return true
}

async function findPlaceInTime({ state, words }: Berthed, until: number): Promise<Place | string> {
  words.set(state.number, {})
  let found: Place | string | undefined
  const asking = findPlace(state, words).then((answer) => { found = answer })
  asking.catch(() => undefined) // a cancelled story unwinds through the condition below
  const { longestWaitMs } = state.input.entitlement
  if (await condition(() => found !== undefined, until - Date.now())) return found!
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
