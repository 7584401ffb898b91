import { describe } from 'vitest'
import { createMemoryChat } from '../../activities/memory/chat.ts'
import { ChatLimited } from '../../workflows/ports.ts'
import type { ChatUser } from '../../workflows/link/terms.ts'
import { chatSuite } from './chat.suite.ts'

describe('a chat in memory', () => {
  chatSuite(async () => {
    const chat = createMemoryChat(), hastyMs = 50
    const at = (user: string): ChatUser => ({ platform: 'mattermost', tenant: 'campus', user })
    let members = 0
    for (const is of ['guest', 'bot', 'stranger', 'gone'] as const) chat.people.set(is, { is, name: is })
    chat.people.set('member', { is: 'member', name: 'mika', timeZone: 'Europe/Zurich' })
    return {
      chat, hasty: chat, hastyMs, newMember: () => at(`member${++members}`),
      people: { member: at('member'), guest: at('guest'), bot: at('bot'), stranger: at('stranger'), gone: at('gone') },
      room: (user) => chat.room(user).map(({ channel, id, lines, buttons }) => ({
        post: { channel, id }, text: lines.join('\n').replaceAll('**', '').replaceAll('`', ''), acts: [],
        buttons: buttons.map(({ verb, label, context, style }) => ({ verb, label, context, danger: style === 'danger' })),
      })),
      remove: ({ channel, id }) => chat.delete(channel, id),
      trouble: {
        down: (on) => { chat.down = on },
        silent: (how) => {
          chat.faults.clear()
          if (how !== false) chat.faults.arm({ verb: 'any', when: 'before', delayMs: hastyMs, error: () => new Error('no answer in time'), times: Infinity })
        },
        limitedS: (seconds) => {
          chat.faults.clear()
          if (seconds !== undefined) chat.faults.arm({ verb: 'any', when: 'before', error: () => new ChatLimited(seconds * 1000), times: Infinity })
        },
        loseAnswer: () => chat.faults.arm({ verb: 'post', when: 'after', error: () => new Error('the answer is lost') }),
      },
      secrets: [], close: async () => {},
    }
  })
})
