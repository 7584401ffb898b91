/** Steps over the `Chat` port: what a link calls on queue `berth`. Buttons are sealed here, just before they leave. */
import { activityInfo, heartbeat, sleep } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { type Chat, ChatLimited, type Directory, type SealedMessage } from '../../workflows/ports.ts'
import { refuse, rootMessage, unavailable } from '../../workflows/refuse.ts'
import { sayCard, sayWord } from '../../workflows/rules/card.ts'
import type { ChatSteps } from '../../workflows/link/steps.ts'
import type { ButtonContext, Card, ChatUser, Message, Platform } from '../../workflows/link/terms.ts'
import { vouchedFor } from './vouch.ts'

export interface ChatStepsOptions {
  /** By platform; what is not configured is refused. */
  readonly chats: Partial<Readonly<Record<Platform, Chat>>>
  /** Where what a platform vouches for is looked up; absent, no platform's word counts. */
  readonly directory?: Pick<Directory, 'find' | 'findByMail'>
  readonly seal: (text: string) => string
  /** What the start of a lease is at; undefined when nothing of it is being started. */
  readonly startingOf: (leaseId: string) => Promise<{ readonly detail?: string } | undefined>
  readonly now?: () => number
}

/** A button works for so long after it was shown; the card that it is on is edited in place, and sealed anew. */
const buttonMs = 30 * 24 * 3_600_000
/** A start is followed for so long at a time, and looked at as often as a platform takes an edit. */
const followMs = 60_000, lookMs = 1000

export function createChatSteps({ chats, directory, seal, startingOf, now = Date.now }: ChatStepsOptions): ChatSteps {
  const chatOf = ({ platform }: ChatUser): Chat => {
    const chat = chats[platform]
    if (!chat) throw refuse('foreignChat', `This Berth is not connected to ${platform}. Ask an admin.`)
    return chat
  }
  const sealed = ({ lines, buttons }: Message, to: ChatUser, { key, until }: Pick<Card, 'key' | 'until'>): SealedMessage => ({
    lines,
    buttons: buttons.map((button) => {
      const context: ButtonContext = { verb: button.verb, lease: key, who: to, exp: now() + buttonMs, ...(until !== undefined && { until }) }
      return { ...button, context: seal(JSON.stringify(context)) }
    }),
  })
  return {
    lookAtChatUser: (user) => told('The chat was not asked who this is', async () => {
      const chat = chatOf(user)
      // Side by side, since somebody waits for both.
      const [person, vouched] = await Promise.all([chat.person(user), vouchedFor({ chat, user, directory })])
      return { ...person, ...(vouched && { vouched }) }
    }),
    showCard: ({ to, card, post, timeZone }) => told('The card was not shown', () => {
      const chat = chatOf(to), message = sayCard(card, (at) => chat.when(at, timeZone))
      return chat.post(to, sealed(message, to, card), { ...(post && { post }), ...tryOf() })
    }),
    followStart: ({ to, card, post, leaseId, timeZone }) => told('The card was not kept up', async () => {
      const chat = chatOf(to), until = now() + followMs, { once } = tryOf()
      let shown: string | undefined, at = post
      for (let n = 0; now() < until; n++) {
        heartbeat()
        const starting = await startingOf(leaseId)
        if (!starting) break
        if (starting.detail !== shown) {
          shown = starting.detail
          at = await chat.post(to, sealed(sayCard(card, (moment) => chat.when(moment, timeZone), shown), to, card), { post: at, once: `${once}/${n}` })
        }
        await sleep(lookMs)
      }
      return at
    }),
    sayInChat: (order) => told('Nothing was said', async () => {
      const message = 'card' in order ? sayWord(order.card) : { lines: [order.sentence], buttons: [] }
      const card = 'card' in order ? order.card : { key: '' }
      await chatOf(order.to).post(order.to, sealed(message, order.to, card), tryOf())
    }),
  }
}

/** `once` is the same for all tries of one step. */
function tryOf(): { readonly once: string; readonly again: boolean } {
  const { workflowExecution, activityId, attempt } = activityInfo()
  return { once: `${workflowExecution?.runId ?? ''}/${activityId}`, again: attempt > 1 }
}

async function told<T>(what: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (error instanceof ApplicationFailure) throw error
    if (error instanceof ChatLimited) {
      throw ApplicationFailure.create({ message: `${what}: ${error.message}`, type: 'Unavailable', nextRetryDelay: error.afterMs })
    }
    throw unavailable(`${what}: ${rootMessage(error)}`, error)
  }
}
