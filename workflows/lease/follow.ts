/** Who is shown a lease in chat: each link hears of every new state, in order. A chat that is down is the link's business. */
import { CancellationScope, getExternalWorkflowHandle, log } from '@temporalio/workflow'
import { cardSignal } from '../link/messages.ts'
import { cardOf } from '../rules/card.ts'
import { type LeaseState, statusOf } from './state.ts'

/** Nothing when it looks as before, or nobody follows. `letters`: words on their way, which the last one waits for. */
export function showFollowers(state: LeaseState, letters: Promise<void>[]): void {
  const links = state.links ?? state.input.links ?? []
  if (links.length === 0) return
  const card = cardOf(statusOf(state, Date.now())), looks = JSON.stringify([card, links])
  if (looks === state.shown) return
  state.shown = looks
  for (const link of links) {
    // Whatever is called off just now: what its member sees is not.
    letters.push(CancellationScope.nonCancellable(() => getExternalWorkflowHandle(link).signal(cardSignal, card))
      .catch((error: unknown) => log.warn('a chat account is linked no longer', { link, error })))
  }
}
