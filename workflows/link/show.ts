/** Cards and sentences on their way to the chat. A chat that is down holds up nothing but them. */
import { log, proxyActivities } from '@temporalio/workflow'
import { leaseId } from '../contract.ts'
import { rootMessage } from '../refuse.ts'
import type { CoreSteps } from '../steps.ts'
import { following, inChat } from '../timeouts.ts'
import type { Work } from './next.ts'
import type { LinkState } from './state.ts'

const { showCard, sayInChat } = proxyActivities<CoreSteps>({ ...inChat, summary: 'In the member’s direct messages' })
const { followStart } = proxyActivities<CoreSteps>({ ...inChat, ...following, summary: 'How far is the start?' })

const firstAwayMs = 5_000, longestAwayMs = 60_000

export async function act(state: LinkState, work: Work): Promise<void> {
  switch (work.is) {
    case 'show': return await tried(state, () => show(state, work.key))
    case 'follow': return await tried(state, () => follow(state, work.key))
    case 'warn': return await tried(state, () => warn(state, work.key))
    case 'say': return await tried(state, () => say(state))
    case 'forget': return void delete state.cards[work.key]
    case 'end the attempt': return void delete state.attempt
    default: work satisfies never
  }
}

async function show(state: LinkState, key: string): Promise<void> {
  const shown = state.cards[key]!, { card, post } = shown
  shown.post = await showCard({ to: state.of, card, ...(post && { post }), ...zoneOf(state) })
  shown.shownAt = Date.now()
  if (shown.card === card) shown.stale = false // else a newer state came meanwhile
}

/** It ends by itself when the start does, so the next state is shown within a second. */
async function follow(state: LinkState, key: string): Promise<void> {
  const { card, post } = state.cards[key]!
  const stands = await followStart({ to: state.of, card, post: post!, leaseId: leaseId({ name: card.name, member: state.linked?.uid ?? '', key }), ...zoneOf(state) })
  const shown = state.cards[key]
  if (shown) Object.assign(shown, { shownAt: Date.now(), post: stands })
}

async function warn(state: LinkState, key: string): Promise<void> {
  const shown = state.cards[key]!, { card } = shown
  await sayInChat({ to: state.of, card, ...zoneOf(state) })
  shown.told = card.word?.at ?? shown.told ?? 0
}

async function say(state: LinkState): Promise<void> {
  const [sentence] = state.sayings
  await sayInChat({ to: state.of, sentence: sentence!, ...zoneOf(state) })
  state.sayings = state.sayings.slice(1)
}

const zoneOf = ({ timeZone }: LinkState) => timeZone === undefined ? {} : { timeZone }

async function tried(state: LinkState, step: () => Promise<void>): Promise<void> {
  try {
    await step()
    delete state.away
  } catch (error) {
    const waitedMs = Math.min(longestAwayMs, (state.away?.waitedMs ?? firstAwayMs / 2) * 2)
    state.away = { until: Date.now() + waitedMs, waitedMs }
    log.warn('the chat does not take a message', { link: state.of, error: rootMessage(error) })
  }
}
