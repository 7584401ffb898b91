/**
 * How a chat account is proven to be a member's: an attempt, a login at its page, and a code typed back in chat; or at once
 * by its platform's own word, where an admin has set that up.
 */
import { refuse } from '../refuse.ts'
import type { BeginLink, Finished, ProveLink } from './messages.ts'
import type { LinkState } from './state.ts'
import type { ChatLook, ChatPerson, Linked } from './terms.ts'

const mostAttempts = { count: 5, withinMs: 10 * 60_000 }, mostTries = 5

/** Throws when there were too many attempts, before anybody is asked. */
export function assertMayBegin(state: LinkState, now: number): void {
  const recent = state.begun.filter((at) => at > now - mostAttempts.withinMs)
  if (recent.length < mostAttempts.count) return
  throw refuse('slowDown', 'There were too many attempts to link this account. Wait ten minutes and try again.')
}

const strangers: Readonly<Record<Exclude<ChatPerson['is'], 'member'>, string>> = {
  guest: 'Guests of this chat cannot use Berth. Ask whoever invited you.',
  bot: 'Bots cannot use Berth. Write with your own account.',
  stranger: 'Only members of this chat’s own organisation can use Berth here. Use the chat of your own.',
  gone: 'The chat says that this account is not there any more. Ask whoever runs it.',
}

/** Answers with whom it is linked to, if the platform's word is enough; else the attempt is open. */
export function begin(state: LinkState, { attempt, until, line }: BeginLink, { person, now }: { readonly person: ChatLook; readonly now: number }): Linked | undefined {
  state.name = person.name
  if (person.timeZone !== undefined) state.timeZone = person.timeZone
  if (person.is !== 'member') throw refuse('foreignChat', strangers[person.is])
  state.begun = [...state.begun.filter((at) => at > now - mostAttempts.withinMs), now]
  const { vouched } = person
  if (vouched) state.vouches = true
  if (vouched?.is === 'proven' && isFree(state, vouched)) return linkTo(state, vouched, now)
  // A newer attempt replaces an older one, whose page then says that it is over.
  state.attempt = { id: attempt, until, ...(line !== undefined && { line }) }
  return undefined
}

/** Whoever was linked by a login, or unlinked, says by another login what is to change: a platform's word is no wish. */
const isFree = ({ linked, unlinked }: LinkState, { uid, uuid }: Pick<Linked, 'uid' | 'uuid'>): boolean =>
  linked ? linked.uid === uid && linked.uuid === uuid : unlinked !== true

function linkTo(state: LinkState, { uid, uuid }: Pick<Linked, 'uid' | 'uuid'>, now: number): Linked {
  const { linked: before } = state
  delete state.attempt
  delete state.unlinked
  state.linked = before?.uid === uid && before.uuid === uuid ? before : { uid, uuid, since: now }
  return state.linked
}

export function prove(state: LinkState, { attempt: id, uid, uuid, code }: ProveLink, now: number): void {
  const { attempt } = state
  if (!attempt || attempt.id !== id || attempt.until <= now || attempt.proven) {
    throw refuse('linkOver', 'This page has been used, or is too old. Write /berth link in your chat to get a new one.')
  }
  attempt.proven = { uid, uuid, code, tries: 0 }
}

export function finish(state: LinkState, code: string, now: number): Finished {
  const { attempt } = state
  if (!attempt || attempt.until <= now) throw refuse('linkOver', 'There is no code to be typed just now. Write: berth link')
  const { proven } = attempt
  if (!proven) throw refuse('badCode', 'Open the page of your link first and sign in there; it shows the code.')
  if (code !== proven.code) {
    proven.tries++
    if (proven.tries < mostTries) throw refuse('badCode', 'This is not the code that your page shows. Look at it once more.')
    delete state.attempt
    throw refuse('linkOver', 'There were too many wrong codes; nothing was linked. Begin again with: berth link')
  }
  return { linked: linkTo(state, proven, now), ...(attempt.line !== undefined && { line: attempt.line }) }
}
