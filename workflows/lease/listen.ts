/** All handlers of a lease. Validators are synchronous and change nothing; every message carries the key. */
import { setHandler, workflowInfo } from '@temporalio/workflow'
import * as c from '../contract.ts'
import { followSignal } from '../link/messages.ts'
import { refuse, rootMessage } from '../refuse.ts'
import { keepsFiles } from '../rules/files.ts'
import { sayMoment } from '../rules/moment.ts'
import type { Caller } from '../terms.ts'
import { hearNext } from './drain.ts'
import { hearSeen } from './evidence.ts'
import { assertStillLent, extend, hold } from './extend.ts'
import type { SiteWord } from './place.ts'
import { assertMayReach, assertOnCluster, reach, tellReachToEnd, unreach } from './reach.ts'
import { retry } from './retry.ts'
import { showAttributes } from './show.ts'
import { type LeaseState, end, statusOf, tellTimeline } from './state.ts'
import * as steps from './steps.ts'
import { tell } from './tell.ts'

export interface Listening {
  readonly state: LeaseState
  readonly words: Map<number, SiteWord>
  /** Called when something that the story waits for, or that is shown, has changed. */
  readonly changed: () => void
}

export function listen({ state, words, changed }: Listening): void {
  const { key } = state.input
  const word = (number: number): SiteWord => {
    const known = words.get(number) ?? {}
    words.set(number, known)
    return known
  }
  const mine = ({ key: theirs, by }: { key: string; by: Caller }) => assertMine(state, theirs, by)
  const mineAndLent = (wish: { key: string; by: Caller }) => {
    mine(wish)
    assertStillLent(state)
  }

  setHandler(c.statusQuery, () => statusOf(state, workflowInfo().unsafe.now()))
  setHandler(c.placedSignal, ({ key: theirs, place }) => {
    if (theirs !== key) return
    word(place.number).place = place
    if (hearNext(state, place.number, place)) changed()
  })
  setHandler(c.unplaceableSignal, ({ key: theirs, number, sentence, next }) => {
    if (theirs !== key) return
    Object.assign(word(number), { unplaceable: sentence, ...(next !== undefined && { next }) })
    if (hearNext(state, number, sentence)) changed()
  })
  setHandler(c.queuedSignal, (queued) => {
    if (queued.key !== key || queued.number !== state.number || word(queued.number).place) return
    hearQueued(state, queued)
    changed()
  })
  setHandler(c.extendUpdate, async (wish) => {
    const answer = await extend(state, wish)
    lengthened(state, 'extended', answer)
    changed()
    return answer
  }, { validator: mineAndLent, description: 'Makes it longer: {"key", "requestId", "by": {"uid", "admin": true}, "byMs"}.' })
  setHandler(c.holdUpdate, (wish) => {
    const answer = hold(state, wish)
    lengthened(state, 'held', answer)
    changed()
    return answer
  }, { description: 'Keeps it past its end: {"key", "by": {"uid", "admin": true}, "until": ms, "reason"}.', validator: (wish) => {
    mine(wish)
    if (!wish.by.admin) throw refuse('notAdmin', 'Only an admin may hold a lease. Extend it instead, with: berth extend')
    assertStillLent(state)
  } })
  setHandler(c.releaseUpdate, ({ by }) => {
    end(state, { reason: 'returned', sentence: `returned by ${by.uid}.` }, Date.now())
    changed()
  }, { validator: mine, description: 'Takes it back now: {"key", "by": {"uid", "admin": true}}.' })
  setHandler(c.retryUpdate, async ({ by }) => {
    const answer = await retry(state, by)
    changed()
    return answer
  }, { description: 'Tries at once what waits to be tried again: {"key", "by": {"uid", "admin": true}}.', validator: (wish) => {
    mine(wish)
    if (!wish.by.admin) throw refuse('notAdmin', 'Only an admin may have it tried at once. It is tried again by itself; see: berth status')
  } })
  setHandler(c.keepUpdate, ({ by, until }) => {
    state.keepUntil = until
    delete state.idleTold
    if (state.todo?.is === 'pause' && state.todo.why === 'idle') delete state.todo
    tellTimeline(state, `${by.uid} keeps it until ${sayMoment(until)}, whatever it looks like`, Date.now())
    changed()
  }, { validator: mineAndLent })
  setHandler(c.pauseUpdate, ({ by }) => {
    if (state.phase === 'ready' && state.doing !== 'pause') state.todo = { is: 'pause', why: 'asked', sentence: `by ${by.uid}.`, asked: Date.now() }
    changed()
    return keepsFiles(state.place) ? {} : { losesFiles: true as const }
  }, { validator: mineAndLent })
  setHandler(c.resumeSignal, ({ key: theirs, by }) => {
    if (theirs !== key || state.over) return
    if (state.phase === 'paused' || state.doing === 'pause' || state.todo?.is === 'pause') state.todo = { is: 'resume', by }
    changed()
  })
  setHandler(followSignal, ({ key: theirs, links }) => {
    if (theirs !== key) return
    state.links = links
    changed()
  })
  setHandler(c.logsUpdate, ({ lines }) => lastLines(state, lines), { validator: mine })
  setHandler(c.reachUpdate, async (wish) => {
    const answer = await reach(state, wish)
    changed()
    return answer
  }, { validator: (wish) => {
    mine(wish)
    assertMayReach(state, wish)
  } })
  setHandler(c.unreachUpdate, ({ by }) => unreach(state, by), { description: 'Ends all kubeconfigs of its member for its cluster: {"key", "by": {"uid", "admin": true}}.', validator: (wish) => {
    mine(wish)
    if (state.over) throw refuse('over', `This lease is over: ${state.over.sentence} What it gave ends with it.`)
    assertOnCluster(state)
  } })
  setHandler(c.seenSignal, (seen) => {
    if (seen.key !== key) return
    hearSeen(state, seen)
    changed()
  })
  setHandler(c.revokeSignal, (revoked) => {
    if (revoked.key !== key) return
    hearRevoke(state, revoked)
    changed()
  }, { description: 'Ends it from above, now or at a moment: {"key", "by", "reason", "at": ms}; with "lifted": true takes that back.' })
}

function assertMine(state: LeaseState, key: string, by: Caller): void {
  if (key !== state.input.key) throw refuse('notFound', 'This name belongs to another lease now. See what you have with: berth list')
  if (by.uid !== state.input.member && !by.admin) throw refuse('notYours', 'Only the member who lent it, or an admin, may do this.')
}

function hearQueued(state: LeaseState, { position, reason }: c.Queued): void {
  const now = Date.now()
  if (state.queue === undefined) {
    tellTimeline(state, `waits in line, place ${position}: ${reason}`, now)
    tell(state, 'queued', `${state.input.name} waits in line, place ${position}: ${reason}.`)
  }
  state.queue = { position, reason }
}

function lengthened(state: LeaseState, kind: 'extended' | 'held', { sentence }: c.Extended): void {
  showAttributes(state)
  tell(state, kind, `${state.input.name}: ${sentence}`)
}

function hearRevoke(state: LeaseState, word: c.Revoke): void {
  const now = Date.now()
  if (word.lifted) {
    if (!state.revoke) return
    delete state.revoke
    tellTimeline(state, `goes on: ${word.reason}`, now)
    return
  }
  const at = word.at ?? now
  state.revoke = { at, reason: word.reason, by: word.by }
  tellReachToEnd(state, word.reason) // also while a grace runs: a right that comes back gives none back
  tellTimeline(state, `loses its right at ${sayMoment(at)}: ${word.reason}`, now)
  if (at <= now || state.readyAt === undefined) end(state, { reason: 'revoked', sentence: word.reason }, now)
}

async function lastLines(state: LeaseState, lines: number): Promise<readonly string[]> {
  const { place } = state
  if (!place || state.readyAt === undefined || state.over) return state.lastLines.slice(-lines)
  try {
    return await steps.readLogs(state, place, Math.min(Math.max(1, lines), 200))
  } catch (error) {
    throw refuse('tryLater', `${place.host} does not answer: ${rootMessage(error)} Try again in a minute.`)
  }
}
