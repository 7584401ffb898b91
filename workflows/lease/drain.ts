/**
 * A host that is being emptied is left in good order: the lease asks for a place elsewhere, lives on until it has one,
 * starts there, and only then its name leads there and the old placement is taken back. Its files stay behind.
 *
 * | its host drains | phase | next place | does |
 * |---|---|---|---|
 * | yes | ready | none | asks for one, unless it has tried often enough |
 * | yes | ready | asked for | lives on |
 * | yes | ready | asked for a while ago, but on hosts that were full | asks for those too |
 * | yes | ready | given | goes |
 * | yes | any other: its files are here | asked for or given | gives it back |
 * | no | any | asked for or given | gives it back |
 */
import { isCancellation, log } from '@temporalio/workflow'
import { rootMessage } from '../refuse.ts'
import type { Place } from '../terms.ts'
import { type Berthed, leave, mostTries, openPlacement, undoFailed, whyElsewhere } from './berth.ts'
import { againMs, fullWith, wasFull } from './full.ts'
import { askPlace } from './place.ts'
import { inItsTime, unlessGivenUp } from './race.ts'
import { showAttributes } from './show.ts'
import { type LeaseState, nextNumber, siteOf, tellTimeline } from './state.ts'
import * as steps from './steps.ts'
import { tell } from './tell.ts'

export type DrainStep = 'ask' | 'ask again' | 'go' | 'stay'

export function drainStep({ phase, number, drains, moving }: LeaseState): DrainStep | undefined {
  if (phase !== 'ready' || drains?.number !== number) return moving && 'stay'
  if (!moving) return drains.tries < mostTries ? 'ask' : undefined
  return moving.to ? 'go' : moving.again && 'ask again'
}

export function takeDrainStep(it: Berthed, step: DrainStep): Promise<void> {
  switch (step) {
    case 'ask': return ask(it)
    case 'ask again': return askAgain(it)
    case 'go': return go(it)
    case 'stay': return leaveLine(it)
  }
}

async function ask(it: Berthed): Promise<void> {
  const { state } = it, number = nextNumber(state)
  const { full } = state, { avoid } = state.drains!
  state.moving = { number, ...(full && { againAt: Date.now() + againMs(state) }) }
  registerNext(it)
  try {
    await askPlace(state, number, { avoid, ...(full && { full: full.hosts }) })
  } catch (error) {
    // A site that is made anew tells again which of its hosts drain.
    log.warn('the site is not there', { site: siteOf(state).name, error })
    delete state.drains
  }
}

/** In its place of the line; a site that is not there tells again that its host drains. */
async function askAgain({ state }: Berthed): Promise<void> {
  const { number } = state.moving!
  state.moving = { number }
  await askPlace(state, number, { avoid: state.drains!.avoid }).catch((error: unknown) => log.warn('the site is not there', { site: siteOf(state).name, error }))
}

/** Whether it is the answer about the place that it goes to. */
export function hearNext(state: LeaseState, number: number, answer: Place | string): boolean {
  const { moving, drains } = state
  if (moving?.number !== number) return false
  if (typeof answer !== 'string') state.moving = { number, to: answer }
  else if (drains) {
    state.drains = { ...drains, tries: mostTries }
    delete state.moving
    tellTimeline(state, `stays where it is: ${answer}`, Date.now())
  }
  return true
}

/** Undo before do: what takes the next place back. */
export function registerNext(it: Berthed): void {
  it.next = openPlacement(it, { site: siteOf(it.state).name, number: it.state.moving!.number })
}

export async function leaveLine(it: Berthed): Promise<void> {
  const { next } = it
  delete it.next
  delete it.state.moving
  delete it.state.full
  await next?.unwind()
}

async function go(it: Berthed): Promise<void> {
  const { state } = it, { input } = state, from = state.place!, to = state.moving!.to!, next = it.next!
  next.push('remove the container', () => steps.removeContainer(state, to))
  if (!wasFull(state.full, to.host)) tellTimeline(state, `has a place on ${to.host}; moves`, Date.now())
  let turned = false
  try {
    await inItsTime(state, async () => {
      await unlessGivenUp(state, to, () => steps.startContainer(state, to))
      turned = true
      next.beside('release the name', () => steps.releaseName(state, to)) // not before: it leads to the old place
      await steps.claimName(state, to)
    })
  } catch (error) {
    if (state.over || isCancellation(error)) throw error
    await staysYet(it, error)
    if (turned) await steps.claimName(state, from)
    return
  }
  leave(it, from, it.placement!)
  it.placement = next
  delete it.next
  state.place = to
  state.number = to.number
  forgetOld(state)
  tellTimeline(state, `ready on ${to.host}`, Date.now())
  showAttributes(state)
  tell(state, 'trouble', `${input.name} has moved from ${from.host}, which is being emptied, to ${to.host}, and starts afresh: its files stayed behind.`)
}

/** What was said of the old placement says nothing of the new one. */
function forgetOld(state: LeaseState): void {
  const { todo } = state
  delete state.moving
  delete state.drains
  delete state.full
  delete state.idle
  delete state.idleTold
  delete state.readdressed
  if (todo && todo.is !== 'resume' && !(todo.is === 'pause' && todo.why === 'asked')) delete state.todo
}

/** The old container has not been touched. */
async function staysYet(it: Berthed, error: unknown): Promise<void> {
  const { state } = it, to = state.moving!.to!, next = it.next!, drains = state.drains!
  const elsewhere = whyElsewhere(error), again = elsewhere && drains.tries + 1 < mostTries
  delete it.next
  delete state.moving
  if (elsewhere === 'no room') {
    const says = rootMessage(error), known = wasFull(state.full, to.host)
    state.full = fullWith(state.full, to.host, says)
    if (!known) tellTimeline(state, `could not move to ${to.host}: ${says}; asks for another place`, Date.now())
    return undoFailed(it, { placement: next, place: to, why: elsewhere })
  }
  tellTimeline(state, `could not move to ${to.host}: ${elsewhere ?? rootMessage(error)}${again ? '; asks for another place' : ''}`, Date.now())
  const avoid = elsewhere === 'port taken' ? drains.avoid : [...drains.avoid, to.host]
  state.drains = { ...drains, avoid, tries: elsewhere ? drains.tries + 1 : mostTries }
  await undoFailed(it, { placement: next, place: to, why: elsewhere })
}
