import { MockActivityEnvironment } from '@temporalio/testing'
import type { ApplicationFailure } from '@temporalio/common'
import { describe, expect, it } from 'vitest'
import { createChatSteps } from '../../activities/steps/chat.ts'
import { type Chat, ChatLimited } from '../../workflows/ports.ts'
import type { ChatUser } from '../../workflows/link/terms.ts'

const to: ChatUser = { platform: 'slack', tenant: 'T1', user: 'U1' }

/** What the port was asked for. */
function stepsOver(post: Chat['post'] = async () => ({ channel: 'D1', id: '1' })) {
  const posted: Parameters<Chat['post']>[] = []
  const chat: Chat = {
    person: async () => ({ is: 'member', name: 'mika' }), when: (at) => `${at}`,
    post: (...order) => {
      posted.push(order)
      return post(...order)
    },
  }
  return { posted, steps: createChatSteps({ chats: { slack: chat }, seal: (text) => `sealed ${text}`, startingOf: async () => undefined }) }
}

describe('a step that posts', () => {
  it('is named alike in each of its tries, and says from the second on that an earlier one may have posted', async () => {
    const { posted, steps } = stepsOver()
    for (const attempt of [1, 2, 3]) {
      await new MockActivityEnvironment({ activityId: '7', attempt, workflowExecution: { workflowId: 'link', runId: 'run' } }).run(steps.sayInChat, { to, sentence: 'hello' })
    }
    expect(posted.map(([, , how]) => how)).toEqual([{ once: 'run/7', again: false }, { once: 'run/7', again: true }, { once: 'run/7', again: true }])
  })

  it('is tried again when the platform wants it, and not earlier', async () => {
    const { steps } = stepsOver(() => Promise.reject(new ChatLimited(17_000)))
    const error = await new MockActivityEnvironment().run(steps.sayInChat, { to, sentence: 'hello' }).then(() => undefined, (thrown: unknown) => thrown as ApplicationFailure)
    expect(error).toMatchObject({ type: 'Unavailable', nextRetryDelay: 17_000, nonRetryable: false })
  })

  it('is refused for a platform that this Berth is not connected to', async () => {
    const { steps } = stepsOver()
    const error = await new MockActivityEnvironment().run(steps.lookAtChatUser, { ...to, platform: 'mattermost' } satisfies ChatUser as ChatUser).then(() => undefined, (thrown: unknown) => thrown as ApplicationFailure)
    expect(error).toMatchObject({ nonRetryable: true, message: expect.stringContaining('mattermost') as unknown })
  })
})
