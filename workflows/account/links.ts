/** Chat accounts of this member: which there are, and that each of the leases knows them. */
import { getExternalWorkflowHandle, log } from '@temporalio/workflow'
import { followSignal, sayInChatSignal, unlinkSignal, type LinkedWord } from '../link/messages.ts'
import { type Books, note } from './books.ts'

/** Most chat accounts of one member. */
const mostLinks = 10

/**
 * The member hears of each new one wherever else he or she is told things, for it may be somebody else's. The books of an
 * account that was opened for this are `whole` a moment later, and know only then what the others are.
 */
export async function hearLinked(books: Books, { link, on, what }: LinkedWord, whole: () => Promise<void>): Promise<void> {
  const before = books.links ?? []
  if (on === before.includes(link)) return
  books.links = on ? [...before, link].slice(-mostLinks) : before.filter((one) => one !== link)
  const sentence = on ? `The ${what} is linked to you now. If that was not you, tell an admin of Berth.` : `The ${what} is linked to you no longer.`
  note(books, { at: Date.now(), kind: 'rights', sentence })
  await whole()
  await Promise.all([
    tellFollowers(books),
    ...books.links.filter((one) => one !== link).map((other) => signalled(other, () => getExternalWorkflowHandle(other).signal(sayInChatSignal, { sentence }))),
  ])
}

/** What was found when the books were put together or compared; a link that is gone says so itself. */
export async function learnLinks(books: Books, found: readonly string[] | undefined): Promise<void> {
  const news = (found ?? []).filter((link) => !books.links?.includes(link))
  if (news.length === 0) return
  books.links = [...books.links ?? [], ...news].slice(-mostLinks)
  await tellFollowers(books)
}

/** An admin has ended every token of this member, so every chat account is to be proven again. */
export async function unlinkAll(books: Books, by: string): Promise<void> {
  const links = books.links ?? []
  await Promise.all(links.map((link) => signalled(link, () => getExternalWorkflowHandle(link).signal(unlinkSignal, { by }))))
}

async function tellFollowers({ held, links = [] }: Books): Promise<void> {
  await Promise.all(Object.values(held).map(({ key, leaseId }) =>
    signalled(leaseId, () => getExternalWorkflowHandle(leaseId).signal(followSignal, { key, links }))))
}

/** One that is gone counts as told. */
async function signalled(id: string, signal: () => Promise<void>): Promise<void> {
  await signal().catch((error: unknown) => log.warn('it could not be told of a chat account', { id, error }))
}
