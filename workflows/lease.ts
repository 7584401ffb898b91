/** `lease:<name>.<member>.<key>`: the story of one lease, from a wish to the proof that nothing of it is left. */
import { CancellationScope, allHandlersFinished, condition, continueAsNew, isCancellation, patched } from '@temporalio/workflow'
import type { LeaseInput } from './contract.ts'
import { type Berthed, berth, leave, openPlacement, registerTakeBack } from './lease/berth.ts'
import { drainStep, registerNext, takeDrainStep } from './lease/drain.ts'
import { untilNext } from './lease/keep.ts'
import { showFollowers } from './lease/follow.ts'
import { listen } from './lease/listen.ts'
import { mend, republish } from './lease/mend.ts'
import { move } from './lease/move.ts'
import { pause, resume } from './lease/pause.ts'
import { endReach } from './lease/reach.ts'
import { isReadressed, readdress } from './lease/readdress.ts'
import type { SiteWord } from './lease/place.ts'
import { inItsTime, unlessOver, withinWait } from './lease/race.ts'
import { showAttributes, showDetails } from './lease/show.ts'
import { type LeaseState, type Todo, end, endsAt, openState, statusOf, tellTimeline } from './lease/state.ts'
import { tell, tellEnded } from './lease/tell.ts'
import { measurePhase, measureTakeBack, measureWait } from './metrics.ts'
import { refusalIn, rootMessage } from './refuse.ts'
import { isLong } from './renew.ts'
import { Rollback } from './rollback.ts'
import { sayMoment } from './rules/moment.ts'
import type { Ending, Place } from './terms.ts'

export async function lease({ carried, ...input }: LeaseInput): Promise<Ending> {
  const state = carried as LeaseState | undefined ?? openState(input, Date.now())
  const words = new Map<number, SiteWord>(), undo = new Rollback(), letters: Promise<void>[] = []
  const show = () => {
    showDetails(state)
    showFollowers(state, letters)
  }
  if (!carried) measurePhase('waiting')
  // What ends kubeconfigs is not cut off by a new run.
  const long = () => state.unreach === undefined && isLong(input.clocks)
  let changes = 0
  listen({ state, words, changed: () => { changes++; show() } })
  void CancellationScope.nonCancellable(() => endReach(state, show))

  undo.push('say that it ended', async () => {
    const ending = endingOf(state)
    showFollowers(state, letters)
    await Promise.all([...letters, tellEnded(state, ending)])
  })
  undo.push('all placements', async () => {}) // they unwind side by side, all before the last word
  const it: Berthed = { state, words, undo, letters, show }
  const unlessEnded = (step: () => Promise<void>) => unlessOver(() => state.over !== undefined, step)
  try {
    if (carried) registerAgain(it)
    else await unlessEnded(() => withinWait(state, () => berth(it)))
    if (state.readyAt === undefined) ready(state)
    while (!state.over && (state.todo || !long())) {
      show()
      await untilNext({ state, changes: () => changes, show, isLong: long })
      const drain = drainStep(state)
      if (state.todo) await unlessEnded(() => actInTime(it, takeTodo(state)))
      else if (drain) await unlessEnded(() => takeDrainStep(it, drain))
      else if (isReadressed(state)) await unlessEnded(() => inItsTime(state, () => readdress(it)))
      delete state.doing
    }
  } catch (error) {
    end(state, whyOver(error), Date.now())
  }
  if (!state.over) return carryOn(input, state)
  show()
  await undo.unwind()
  await condition(() => state.unreach === undefined && allHandlersFinished())
  return state.ending!
}

/** The clock starts here. */
function ready(state: LeaseState): void {
  const now = Date.now(), { input } = state
  state.phase = 'ready'
  state.readyAt = now
  state.until = now + input.forMs
  tellTimeline(state, `ready on ${state.place!.host} until ${sayMoment(state.until)}`, now)
  showAttributes(state)
  measurePhase('ready')
  measureWait(state.place!.site, now - input.asked)
  const [first] = statusOf(state, now).endpoints
  const how = first ? ` at ${first.fqdn}, port ${first.hostPort}` : ''
  tell(state, 'ready', `${input.name} is ready${how}, until ${sayMoment(state.until)}.`)
}

function takeTodo(state: LeaseState): Todo {
  const todo = state.todo!
  delete state.todo
  state.doing = todo.is
  return todo
}

/**
 * Its time ends it meanwhile: a host that is away, or full, may keep it from what it is about to do for long. A move looks to
 * that itself. Stories from before 2026-11-29 did not.
 */
function actInTime(it: Berthed, todo: Todo): Promise<void> {
  const inTime = todo.is !== 'move' && patched('acts in its time')
  return inTime ? inItsTime(it.state, () => act(it, todo)) : act(it, todo)
}

function act(it: Berthed, todo: Todo): Promise<void> {
  switch (todo.is) {
    case 'pause': return pause(it, todo)
    case 'resume': return resume(it, todo.by)
    case 'mend': return mend(it, todo)
    case 'republish': return republish(it, todo.hostPorts, todo.evidence)
    case 'move': return move(it, todo)
  }
}

/** What an earlier run has made, or was taking back. */
function registerAgain(it: Berthed): void {
  const { state } = it, { leaving = [] } = state
  it.placement = takeBackOf(it, state.place!)
  if (state.moving) registerNext(it)
  delete state.leaving
  for (const place of leaving) leave(it, place, takeBackOf(it, place))
}

function takeBackOf(it: Berthed, place: Place): Rollback {
  const placement = openPlacement(it, place)
  registerTakeBack(placement, it.state, place)
  return placement
}

async function carryOn(input: LeaseInput, state: LeaseState): Promise<never> {
  await condition(allHandlersFinished)
  return continueAsNew<typeof lease>({ ...input, carried: state })
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
  if (state.phase !== 'ended') {
    measurePhase('ended')
    // From the moment that was promised, where there was one.
    measureTakeBack(over.reason, now - ((over.reason === 'due' ? endsAt(state) : undefined) ?? state.endingSince ?? now))
  }
  state.phase = 'ended'
  delete state.place
  tellTimeline(state, 'nothing of it is left', now)
  return state.ending ??= {
    key: input.key, name: input.name, member: input.member, image: input.spec.image, reason: over.reason, sentence: over.sentence,
    at: now, ...(over.refusal && { refusal: over.refusal }), ...(state.lastLines.length > 0 && { lastLines: state.lastLines }),
  }
}
