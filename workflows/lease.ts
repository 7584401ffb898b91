/** `lease:<name>.<member>.<key>`: the story of one lease, from a wish to the proof that nothing of it is left. */
import { allHandlersFinished, condition, continueAsNew, isCancellation, setHandler, workflowInfo } from '@temporalio/workflow'
import * as c from './contract.ts'
import { berth, registerTakeBack } from './lease/berth.ts'
import { assertStillLent, extend, hold } from './lease/extend.ts'
import { untilOver } from './lease/keep.ts'
import { freePlace, type SiteWord } from './lease/place.ts'
import { unlessOver } from './lease/race.ts'
import { showAttributes, showDetails } from './lease/show.ts'
import { type LeaseState, end, openState, statusOf, tellTimeline } from './lease/state.ts'
import * as steps from './lease/steps.ts'
import { tell, tellEnded } from './lease/tell.ts'
import { refusalIn, refuse, rootMessage } from './refuse.ts'
import { Rollback } from './rollback.ts'
import { sayDuration } from './rules/duration.ts'
import { sayMoment } from './rules/moment.ts'
import type { Caller, Ending } from './terms.ts'

const mostEvents = 2_000

export async function lease(input: c.LeaseInput): Promise<Ending> {
  const { carried, ...asked } = input
  const state = carried as LeaseState | undefined ?? openState(asked, Date.now())
  const words = new Map<number, SiteWord>()
  let changes = 0
  const show = () => showDetails(state)
  const changed = () => { changes++; show() }
  listen(state, words, changed)

  const undo = new Rollback()
  undo.push('say that it ended', () => tellEnded(endingOf(state)))
  undo.push('nothing more', async () => {}) // placements unwind side by side, all before the last word
  try {
    if (carried) registerAgain(undo, state)
    else await unlessOver(() => state.over !== undefined, () => withinWait(state, () => berth({ state, words, undo, show })))
    if (state.readyAt === undefined) ready(state)
    show()
    await untilOver({ state, changes: () => changes, isLong })
  } catch (error) {
    end(state, whyOver(error), Date.now())
  }
  if (!state.over) return carryOn(input, state)
  show()
  await undo.unwind()
  await condition(allHandlersFinished)
  return state.ending!
}

/** All handlers, before anything awaits. Validators are synchronous and change nothing. */
function listen(state: LeaseState, words: Map<number, SiteWord>, changed: () => void): void {
  const { key } = state.input
  const word = (number: number): SiteWord => {
    const known = words.get(number) ?? {}
    words.set(number, known)
    return known
  }
  const mine = ({ key: theirs, by }: { key: string; by: Caller }) => assertMine(state, theirs, by)

  setHandler(c.statusQuery, () => statusOf(state, workflowInfo().unsafe.now()))
  setHandler(c.placedSignal, ({ key: theirs, place }) => { if (theirs === key) word(place.number).place = place })
  setHandler(c.unplaceableSignal, ({ key: theirs, number, sentence }) => { if (theirs === key) word(number).unplaceable = sentence })
  setHandler(c.queuedSignal, ({ key: theirs, number, position, reason }) => {
    if (theirs !== key || number !== state.number || state.place) return
    if (state.queue === undefined) tellTimeline(state, `waits in line, place ${position}: ${reason}`, Date.now())
    state.queue = { position, reason }
    changed()
  })
  setHandler(c.extendUpdate, async (wish) => {
    const answer = await extend(state, wish)
    lengthened(state, 'extended', answer)
    changed()
    return answer
  }, { validator: (wish) => { mine(wish); assertStillLent(state) } })
  setHandler(c.holdUpdate, (wish) => {
    const answer = hold(state, wish)
    lengthened(state, 'held', answer)
    changed()
    return answer
  }, { validator: (wish) => {
    mine(wish)
    if (!wish.by.admin) throw refuse('notAdmin', 'Only an admin may hold a lease. Extend it instead, with: berth extend')
    assertStillLent(state)
  } })
  setHandler(c.releaseUpdate, ({ by }) => {
    end(state, { reason: 'returned', sentence: `returned by ${by.uid}.` }, Date.now())
    changed()
  }, { validator: mine })
  setHandler(c.logsUpdate, ({ lines }) => lastLines(state, lines), { validator: mine })
  setHandler(c.revokeSignal, (word) => {
    if (word.key !== key) return
    revoke(state, word)
    changed()
  })
}

function assertMine(state: LeaseState, key: string, by: Caller): void {
  if (key !== state.input.key) throw refuse('notFound', 'This name belongs to another lease now. See what you have with: berth list')
  if (by.uid !== state.input.member && !by.admin) throw refuse('notYours', 'Only the member who lent it, or an admin, may do this.')
}

function lengthened(state: LeaseState, kind: 'extended' | 'held', { sentence }: c.Extended): void {
  showAttributes(state)
  void tell(state.input.member, { at: Date.now(), key: state.input.key, kind, sentence: `${state.input.name}: ${sentence}` })
}

function revoke(state: LeaseState, word: c.Revoke): void {
  const now = Date.now()
  if (word.lifted) {
    if (!state.revoke) return
    delete state.revoke
    tellTimeline(state, `goes on: ${word.reason}`, now)
    return
  }
  const at = word.at ?? now
  state.revoke = { at, reason: word.reason, by: word.by }
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

/** The longest wait ends a lease that is not ready by then. */
async function withinWait(state: LeaseState, step: () => Promise<void>): Promise<void> {
  const { longestWaitMs } = state.input.entitlement
  let done = false
  const waited = condition(() => done, Math.max(1, state.input.asked + longestWaitMs - Date.now())).then((ok) => {
    if (ok) return
    const why = state.queue ? `: ${state.queue.reason}` : ''
    end(state, { reason: 'waited too long', sentence: `there was no place for ${sayDuration(longestWaitMs)}${why}.` }, Date.now())
  })
  waited.catch(() => undefined)
  try {
    await step()
  } finally {
    done = true
  }
}

/** The clock starts here. */
function ready(state: LeaseState): void {
  const now = Date.now(), { input } = state
  state.phase = 'ready'
  state.readyAt = now
  state.until = now + input.forMs
  tellTimeline(state, `ready on ${state.place!.host} until ${sayMoment(state.until)}`, now)
  showAttributes(state)
  const [first] = statusOf(state, now).endpoints
  const how = first ? ` at ${first.fqdn}, port ${first.hostPort}` : ''
  void tell(input.member, { at: now, key: input.key, kind: 'ready', sentence: `${input.name} is ready${how}, until ${sayMoment(state.until)}.` })
}

function registerAgain(undo: Rollback, state: LeaseState): void {
  const place = state.place!
  const placement = new Rollback()
  undo.beside('take the placement back', () => placement.unwind())
  placement.push('free the place', () => freePlace(place.site, { key: state.input.key, number: place.number }))
  registerTakeBack(placement, state, place)
}

async function carryOn(input: c.LeaseInput, state: LeaseState): Promise<never> {
  await condition(allHandlersFinished)
  return continueAsNew<typeof lease>({ ...input, carried: state })
}

function isLong(): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo()
  return historyLength > mostEvents || continueAsNewSuggested
}

/** For whatever was not decided by `end` before: the first word counts, so after `LeaseOver` this changes nothing. */
function whyOver(error: unknown) {
  const refusal = refusalIn(error)
  if (refusal) return { reason: 'refused', sentence: refusal.sentence, refusal: refusal.kind } as const
  if (isCancellation(error)) return { reason: 'revoked', sentence: 'cancelled by an admin.' } as const
  return { reason: 'refused', sentence: rootMessage(error) } as const
}

function endingOf(state: LeaseState): Ending {
  const { input } = state, over = state.over!
  const now = Date.now()
  state.phase = 'ended'
  delete state.place
  tellTimeline(state, 'nothing of it is left', now)
  return state.ending ??= {
    key: input.key, name: input.name, member: input.member, image: input.spec.image, reason: over.reason, sentence: over.sentence,
    at: now, ...(over.refusal && { refusal: over.refusal }), ...(state.lastLines.length > 0 && { lastLines: state.lastLines }),
  }
}
