/** Place, start, name: every placement has a rollback of its own, so that a failed one is undone while the next is tried. */
import { ActivityFailure, TimeoutFailure, getExternalWorkflowHandle, log } from '@temporalio/workflow'
import { hostSilentSignal, siteId } from '../contract.ts'
import { refuse, rootMessage } from '../refuse.ts'
import { Rollback } from '../rollback.ts'
import { fqdn } from '../rules/naming.ts'
import type { Place } from '../terms.ts'
import { fullWith, wasFull } from './full.ts'
import { findPlace, freePlace, type SiteWord } from './place.ts'
import { LeaseOver, unlessGivenUp } from './race.ts'
import { type LeaseState, nextNumber, siteOf, tellTimeline } from './state.ts'
import * as steps from './steps.ts'

/** Taken ports and silent hosts: so often another place is tried before the lease gives up. */
export const mostTries = 6

export interface Berthed {
  readonly state: LeaseState
  readonly words: Map<number, SiteWord>
  readonly undo: Rollback
  /** Called when something that an admin or a member sees has changed. */
  readonly show: () => void
  /** Words on their way, which the last one waits for. */
  readonly letters: Promise<void>[]
  /** What takes the present placement back. */
  placement?: Rollback
  /** What takes the place back that it has asked for to move there. */
  next?: Rollback
}

/** Returns once container and name are there. Refuses when no site can ever fit it. */
export async function berth(it: Berthed): Promise<void> {
  const { state } = it
  const avoid: string[] = []
  for (let tries = 0; ;) {
    const number = state.number = nextNumber(state), site = siteOf(state)
    const placement = it.placement = openPlacement(it, { site: site.name, number })
    const found = await findPlace(state, it.words, { avoid, ...(state.full && { full: state.full.hosts }) })
    if (typeof found === 'string') {
      await placement.unwind()
      tellTimeline(state, `${site.name}: ${found}`, Date.now())
      tries++
      if (++state.siteAt >= state.input.sites.length) throw refuse('noRoom', `${found} ${it.words.get(number)?.next ?? 'Ask for less, or for another site.'}`)
      continue
    }
    state.place = found
    const again = wasFull(state.full, found.host)
    if (!again) starts(it, `has a place on ${found.host}`)
    registerTakeBack(placement, state, found)
    try {
      await unlessGivenUp(state, found, () => startNamed(it, found, again))
      delete state.full
      return
    } catch (error) {
      const elsewhere = state.over ? undefined : whyElsewhere(error)
      if (elsewhere === 'no room') await placeWhereRoom(it, { placement, place: found, says: rootMessage(error) })
      else if (elsewhere && tries++ < mostTries) {
        await placeElsewhere(it, { placement, place: found, why: elsewhere })
        if (elsewhere !== 'port taken') avoid.push(found.host)
      } else throw error
    }
  }
}

/** From here its member sees it start, not wait. */
function starts({ state, show }: Berthed, what: string): void {
  state.phase = 'starting'
  if (state.full) delete state.queue
  tellTimeline(state, what, Date.now())
  show()
}

/** Container and name side by side. Where it has been refused for want of room before, it is named only when it runs. */
function startNamed(it: Berthed, place: Place, again: boolean): Promise<void> {
  const { state } = it
  const told = (what: string) => () => {
    tellTimeline(state, what, Date.now())
    it.show()
  }
  const start = (then: () => void) => steps.startContainer(state, place).then(then)
  const name = () => steps.claimName(state, place).then(told(`is named ${fqdn(state.input.label, place.zone)}`))
  if (again) return start(() => starts(it, `its container runs on ${place.host}`)).then(name)
  return steps.together(() => start(told('its container runs')), name)
}

/** What takes a placement back, last of all its place; registered before the place is asked for. */
export function openPlacement(it: Berthed, { site, number }: Pick<Place, 'site' | 'number'>): Rollback {
  const placement = new Rollback()
  it.undo.beside('take a placement back', () => placement.unwind())
  placement.push('free the place', () => free(it, site, number))
  return placement
}

/** Once the lease is over this word goes out together with the last one: one task less. */
async function free({ state, letters }: Berthed, site: string, number: number): Promise<void> {
  const sent = freePlace(site, { key: state.input.key, number })
  if (state.over) letters.push(sent)
  else await sent
}

/** Undo before do: the container and the name of a place are taken back side by side, the place only after both. */
export function registerTakeBack(placement: Rollback, state: LeaseState, place: Place): void {
  placement.push('remove the container', () => steps.removeContainer(state, place))
  placement.beside('release the name', () => steps.releaseName(state, place))
}

/** Takes a placement back behind the back of the story, which does not wait for a host that may be slow or lost. */
export function leave({ state, undo }: Berthed, place: Place, placement: Rollback): void {
  state.leaving = [...(state.leaving ?? []), place]
  const left = placement.unwind().then(() => { state.leaving = state.leaving!.filter(({ number }) => number !== place.number) })
  left.catch(() => undefined)
  undo.beside('what it has left', () => left)
}

export type Elsewhere = 'port taken' | 'host silent' | 'host given up' | 'no room'

export function whyElsewhere(error: unknown): Elsewhere | undefined {
  if (error instanceof LeaseOver) return 'host given up'
  if (steps.isPortTaken(error)) return 'port taken'
  if (steps.isNoRoom(error)) return 'no room'
  const { cause } = error instanceof ActivityFailure ? error : {}
  return cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START' ? 'host silent' : undefined
}

async function placeElsewhere(it: Berthed, failed: { placement: Rollback; place: Place; why: Exclude<Elsewhere, 'no room'> }): Promise<void> {
  const { state } = it
  delete state.place
  state.phase = 'waiting'
  tellTimeline(state, `${failed.place.host}${whatFailed[failed.why]}; asks for another place`, Date.now())
  await undoFailed(it, failed)
}

const whatFailed: Readonly<Record<Exclude<Elsewhere, 'no room'>, string>> = {
  'port taken': ': a port is in use by somebody else', 'host silent': ' does not answer', 'host given up': ' was given up',
}

/** Told once of each host: it may say so again and again. */
async function placeWhereRoom(it: Berthed, { placement, place, says }: { placement: Rollback; place: Place; says: string }): Promise<void> {
  const { state } = it, again = wasFull(state.full, place.host)
  state.full = fullWith(state.full, place.host, says)
  delete state.place
  state.phase = 'waiting'
  if (!again) tellTimeline(state, `${place.host}: ${says}; asks for another place`, Date.now())
  await placement.unwind()
}

/** What may have been made on a host that does not answer is taken back when it speaks again. */
export async function undoFailed(it: Berthed, { placement, place, why }: { placement: Rollback; place: Place; why: Elsewhere | undefined }): Promise<void> {
  if (why === 'host silent' || why === 'host given up') leave(it, place, placement)
  else await placement.unwind() // its ports rest now, so the next place has others
  if (why === 'host silent') await saySilent(it.state, place)
}

async function saySilent({ input: { key } }: LeaseState, { site, host }: Place): Promise<void> {
  await getExternalWorkflowHandle(siteId(site)).signal(hostSilentSignal, { host, key })
    .catch((error: unknown) => log.warn('the site is not there', { site, error }))
}
