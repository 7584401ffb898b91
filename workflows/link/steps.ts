/** Steps of a link, on queue `berth`. */
import type { Card, ChatLook, ChatUser, Post } from './terms.ts'

interface To {
  readonly to: ChatUser
  readonly timeZone?: string
}

export interface ChatSteps {
  lookAtChatUser(user: ChatUser): Promise<ChatLook>
  /** Posts the card, or edits it in place; answers with where it stands now. */
  showCard(order: To & { readonly card: Card; readonly post?: Post }): Promise<Post>
  /** Edits a card that says that its lease is starting, as long as it is; answers with where it stands when it is not, or after a minute. */
  followStart(order: To & { readonly card: Card; readonly post: Post; readonly leaseId: string }): Promise<Post>
  /** A message of its own: a sentence, or the word of a card with its buttons. */
  sayInChat(order: To & ({ readonly card: Card } | { readonly sentence: string })): Promise<void>
}
