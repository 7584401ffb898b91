/** A chat in memory: rooms of direct messages that can be read, deleted from, and be down. */
import type { Chat, SealedMessage } from '../../workflows/ports.ts'
import type { ChatPerson, ChatUser, Post } from '../../workflows/link/terms.ts'
import { Faults } from './faults.ts'

export interface MemoryPost extends SealedMessage {
  readonly channel: string
  readonly id: string
  /** How often it was edited. */
  readonly edits: number
  readonly at: number
}

export interface MemoryChat extends Chat {
  readonly people: Map<string, ChatPerson>
  /** Where to look for what the platform vouches for, by user; of others it says nothing, and of `nobody` that it cannot. */
  readonly vouches: Map<string, { readonly uid: string } | { readonly mail: string } | 'nobody'>
  /** Posts of one user's direct messages, the oldest first. */
  room(user: ChatUser): readonly MemoryPost[]
  delete(channel: string, id: string): void
  /** Every call fails while it is set. */
  down: boolean
  /** Any other trouble. */
  readonly faults: Faults<'person' | 'post'>
}

const roomOf = ({ tenant, user }: ChatUser): string => `dm:${tenant}:${user}`

export function createMemoryChat(): MemoryChat {
  const rooms = new Map<string, Map<string, MemoryPost>>(), seen = new Map<string, string>()
  let count = 0
  const chat: MemoryChat = {
    people: new Map(),
    vouches: new Map(),
    down: false,
    faults: new Faults(),
    async person({ user }) {
      assertUp()
      return chat.faults.around('person', undefined, () => chat.people.get(user) ?? { is: 'member', name: user })
    },
    async vouch({ user }, { byUid, byMail }) {
      assertUp()
      const where = chat.vouches.get(user)
      if (!where) return undefined
      const person = where === 'nobody' ? undefined : await ('uid' in where ? byUid(where.uid) : byMail(where.mail))
      return person ? { is: 'proven', person } : { is: 'unproven', why: 'there is no such entry' }
    },
    async post(to, message, how) {
      assertUp()
      return chat.faults.around('post', undefined, () => put(to, message, how))
    },
    when: (at, timeZone) => `${new Date(at).toISOString().slice(0, 16)} ${timeZone ?? 'UTC'}`,
    room: (user) => [...rooms.get(roomOf(user))?.values() ?? []],
    delete: (channel, id) => void rooms.get(channel)?.delete(id),
  }
  const put = (to: ChatUser, message: SealedMessage, { post, once }: Parameters<Chat['post']>[2]): Post => {
    const channel = roomOf(to), room = rooms.get(channel) ?? new Map<string, MemoryPost>()
    rooms.set(channel, room)
    const old = post && room.get(post.id)
    const id = old?.id ?? (seen.has(once) && room.has(seen.get(once)!) ? seen.get(once)! : `p${++count}`)
    seen.set(once, id)
    const before = room.get(id)
    room.set(id, { ...message, channel, id, edits: before ? before.edits + 1 : 0, at: Date.now() })
    return { channel, id }
  }
  const assertUp = () => {
    if (chat.down) throw new Error('the chat is down')
  }
  return chat
}
