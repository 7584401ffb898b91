/** Who asks: a chat account stands for a member only by its link, and the directory is asked each time. */
import { DirectoryUnavailable, type Person } from '../../../workflows/ports.ts'
import type { ChatUser, Linked, Who } from '../../../workflows/link/terms.ts'
import { Refused, stop } from '../../refused.ts'
import type { Sessions } from '../session.ts'
import type { Links } from './links.ts'

export interface Asker extends Linked {
  readonly who: Who
  /** As the directory has her or him now; absent while it is away: then starts and extensions are refused by their own checks. */
  readonly person?: Person
}

interface Request {
  readonly user: ChatUser
  readonly requestId?: string
}

interface Needs {
  readonly links: Links
  readonly sessions: Pick<Sessions, 'person'>
}

/** Undefined for an account that is not linked. Throws when it is linked to somebody who may nothing any more. */
export async function askerOf({ user, requestId }: Request, { links, sessions }: Needs): Promise<Asker | undefined> {
  const who = await links.who(user, requestId), { linked } = who
  if (!linked) return undefined
  try {
    return { ...linked, who, person: await sessions.person(linked) }
  } catch (error) {
    if (error instanceof DirectoryUnavailable) return { ...linked, who }
    // The same sentence would tell a terminal to sign in again.
    if (error instanceof Refused && error.refusal.kind !== 'disabled') {
      throw stop('stranger', 'The member whom this chat account was linked to is not in the directory any more. Link it anew with: berth link')
    }
    throw error
  }
}

/** Of a button or a form, which only somebody who was linked has been shown. */
export async function linkedAsker(request: Request, needs: Needs): Promise<Asker> {
  const asker = await askerOf(request, needs)
  if (!asker) throw stop('notLinked', 'This chat account is linked to nobody any more. Link it with: berth link')
  return asker
}
