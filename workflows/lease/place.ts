/** Asks the site for a place, and waits for its answer: a place, a place in the line, or "never". */
import { condition, getExternalWorkflowHandle, isCancellation, log, sleep } from '@temporalio/workflow'
import { type FullHost, freeSignal, leaseId, placeSignal, siteId } from '../contract.ts'
import type { Place } from '../terms.ts'
import { againMs } from './full.ts'
import { type LeaseState, lastsOf, siteOf, tellTimeline } from './state.ts'

/** What the site has said of one placement number. */
export interface SiteWord {
  place?: Place
  unplaceable?: string
  /** What its member can do then. */
  next?: string
}

/** Which hosts a place is wanted on least, or not at all for now. */
export interface Unwanted {
  readonly avoid?: readonly string[]
  readonly full?: readonly FullHost[]
}

/**
 * Resolves with a place, or with a sentence when this site can never fit it. Waits as long as it takes: the story races it.
 * Hosts that were full are asked again after a while, in the same place of the line.
 */
export async function findPlace(state: LeaseState, words: Map<number, SiteWord>, { avoid, full }: Unwanted = {}): Promise<Place | string> {
  const { number } = state, word = words.get(number) ?? {}
  words.set(number, word)
  const answered = () => word.place !== undefined || word.unplaceable !== undefined, others = avoid && { avoid }
  await askUntilHeard(state, { ...others, ...(full && { full }) })
  if (full && !(await condition(answered, againMs(state)))) await askUntilHeard(state, { ...others })
  await condition(answered)
  if (!state.full) delete state.queue
  return word.place ?? word.unplaceable!
}

async function askUntilHeard(state: LeaseState, unwanted: Unwanted): Promise<void> {
  const site = siteOf(state)
  for (;;) {
    try {
      return await askPlace(state, state.number, unwanted)
    } catch (error) {
      if (isCancellation(error)) throw error
      log.warn('the site is not there', { site: site.name, error })
      if (state.queue === undefined) tellTimeline(state, `waits: no host of ${site.name} has spoken yet`, Date.now())
      state.queue = { position: 1, reason: `no host of ${site.name} has spoken yet` }
      await sleep(5_000, { summary: 'The site is not there; ask again' })
    }
  }
}

/** Fails when the site is not there. */
export async function askPlace(state: LeaseState, number: number, { avoid = [], full = [] }: Unwanted): Promise<void> {
  const { key, member, spec, on, asked } = state.input
  await getExternalWorkflowHandle(siteId(siteOf(state).name)).signal(placeSignal, {
    key, leaseId: leaseIdOf(state), member, number, cpu: spec.cpu, memory: spec.memory, ports: spec.ports.length,
    ...(spec.gpu !== undefined && { gpu: spec.gpu }), ...(on && { on }), since: asked, lasts: lastsOf(state),
    ...(avoid.length > 0 && { avoid }), ...(full.length > 0 && { full }),
  })
}

/** Gives the place back; a site that is gone rebuilds its ledger without it. */
export async function freePlace(site: string, free: { key: string; number: number; paused?: boolean }): Promise<void> {
  try {
    await getExternalWorkflowHandle(siteId(site)).signal(freeSignal, free)
  } catch (error) {
    log.warn('the site is not there; it will rebuild its ledger', { site, error })
  }
}

export const leaseIdOf = ({ input }: Pick<LeaseState, 'input'>): string =>
  leaseId({ name: input.name, member: input.member, key: input.key })
