/** Where each user's direct messages are, by the platform's id of the channel: asked once, and forgotten when it is gone. */
import type { ChatUser } from '../workflows/link/terms.ts'

export interface Rooms {
  of(user: ChatUser): Promise<string>
  forget(user: ChatUser): void
}

/** Of so many users; whoever was written to longest ago is asked again. */
const mostRooms = 1000

export function createRooms(open: (user: ChatUser) => Promise<string>): Rooms {
  const known = new Map<string, string>()
  const keyOf = ({ tenant, user }: ChatUser) => `${tenant}/${user}`
  return {
    async of(user) {
      const key = keyOf(user), room = known.get(key) ?? await open(user)
      known.delete(key)
      known.set(key, room)
      if (known.size > mostRooms) known.delete(known.keys().next().value!)
      return room
    },
    forget: (user) => void known.delete(keyOf(user)),
  }
}
