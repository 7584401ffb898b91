/** Whose a chat account is by its platform's own word, held against the directory. What is not proven is left to the page. */
import { log } from '@temporalio/activity'
import type { Chat, Directory, Entries, Found, Vouched } from '../../workflows/ports.ts'
import { rootMessage } from '../../workflows/refuse.ts'
import type { ChatLook, ChatUser } from '../../workflows/link/terms.ts'

/** Less than a chat waits for its answer with what comes after it; a slow platform is no trouble, for there is the page. */
const withinMs = 2000

/** Never rejects: why nothing is proven stands in the log, and nowhere else. Undefined where the platform is not asked. */
export async function vouchedFor({ chat, user, directory }: { readonly chat: Chat; readonly user: ChatUser; readonly directory: Pick<Directory, 'find' | 'findByMail'> | undefined }): Promise<ChatLook['vouched']> {
  if (!chat.vouch || !directory) return undefined
  const vouched = await inTime(chat.vouch(user, entriesOf(directory)))
    .catch((error: unknown): Vouched => ({ is: 'unproven', why: rootMessage(error) }))
  if (!vouched) return undefined
  if (vouched.is === 'proven') return { is: 'proven', uid: vouched.person.uid, uuid: vouched.person.uuid }
  log.info('the platform does not prove whose a chat account is, so its page is needed', { ...user, why: vouched.why })
  return { is: 'unproven' }
}

function entriesOf(directory: Pick<Directory, 'find' | 'findByMail'>): Entries {
  const open = (found: Found | { readonly is: 'several' }) => found.is === 'person' && !found.person.disabled ? found.person : undefined
  return {
    byUid: async (uid) => open(await directory.find(uid)),
    byMail: async (mail) => directory.findByMail && open(await directory.findByMail(mail)),
  }
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => { timer = setTimeout(() => reject(new Error(`no answer within ${withinMs} ms`)), withinMs) })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
