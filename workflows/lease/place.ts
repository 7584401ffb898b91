/** Asks the site for a place, and waits for its answer: a place, a place in the line, or "never". */
import { condition, getExternalWorkflowHandle, log, sleep } from '@temporalio/workflow'
import { freeSignal, leaseId, placeSignal, siteId } from '../contract.ts'
import type { Place } from '../terms.ts'
import { type LeaseState, lastsOf, siteOf, tellTimeline } from './state.ts'

/** What the site has said of one placement number. */
export interface SiteWord {
  place?: Place
  unplaceable?: string
}

/** Resolves with a place, or with a sentence when this site can never fit it. Waits as long as it takes: the story races it. */
export async function findPlace(state: LeaseState, words: Map<number, SiteWord>, avoid: readonly string[]): Promise<Place | string> {
  const { number } = state, word = words.get(number) ?? {}
  words.set(number, word)
  const site = siteOf(state)
  for (;;) {
    try {
      await askPlace(state, number, avoid)
      break
    } catch (error) {
      log.warn('the site is not there', { site: site.name, error })
      if (state.queue === undefined) tellTimeline(state, `waits: no host of ${site.name} has spoken yet`, Date.now())
      state.queue = { position: 1, reason: `no host of ${site.name} has spoken yet` }
      await sleep(5_000, { summary: 'The site is not there; ask again' })
    }
  }
  await condition(() => word.place !== undefined || word.unplaceable !== undefined)
  delete state.queue
  return word.place ?? word.unplaceable!
}

/** Fails when the site is not there. */
export async function askPlace(state: LeaseState, number: number, avoid: readonly string[]): Promise<void> {
  const { key, member, spec, asked } = state.input
  await getExternalWorkflowHandle(siteId(siteOf(state).name)).signal(placeSignal, {
    key, leaseId: leaseIdOf(state), member, number, cpu: spec.cpu, memory: spec.memory, ports: spec.ports.length,
    since: asked, lasts: lastsOf(state), ...(avoid.length > 0 && { avoid }),
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
