/** Help in a chat: only what the reader may do. */
import type { ChatUser } from '../../../workflows/link/terms.ts'
import { findCommand } from '../../commands/parse.ts'
import { tableOf } from '../../commands/table.ts'
import { chatOverview, usage } from '../../commands/usage.ts'
import { quote } from '../../commands/values.ts'
import { stop } from '../../refused.ts'
import type { ChatNeeds } from './needs.ts'
import { replyOf, type Reply } from './reply.ts'
import { mayAdmin } from './run.ts'
import { askerOf } from './who.ts'

/** Whoever lost a right may be shown for so long what is refused then. */
const shownMs = 30_000

export type Help = (words: readonly string[], user: ChatUser) => Promise<Reply>

export function createHelp(needs: ChatNeeds): Help {
  const { options } = needs
  /** Only for what is shown; whatever is done is asked anew. A restart loses nothing. */
  const shown = new Map<string, { readonly until: number; readonly admin: boolean }>()

  const overviews: { admin?: string; member?: string } = {}

  async function isAdmin(user: ChatUser): Promise<boolean> {
    const id = JSON.stringify(user), known = shown.get(id)
    if (known && known.until > options.now()) return known.admin
    const admin = await askerOf({ user }, needs).then((asker) => asker !== undefined && mayAdmin(asker, needs), () => false)
    shown.delete(id)
    shown.set(id, { until: options.now() + shownMs, admin })
    const oldest = shown.size > options.remembered ? shown.keys().next().value : undefined
    if (oldest !== undefined) shown.delete(oldest)
    return admin
  }

  return async (words, user) => {
    const admin = await isAdmin(user), mine = tableOf('chat').filter(({ who }) => who !== 'admin' || admin)
    if (words.length === 0) return { text: 'Berth lends containers, for a time.', code: overviews[admin ? 'admin' : 'member'] ??= chatOverview(mine) }
    const command = findCommand(words, 'chat')
    if ('refusal' in command || !mine.includes(command)) throw noCommand(words.join(' '))
    return replyOf(usage(command))
  }
}

/** The same for a verb of admins as for one that there is not. */
export const noCommand = (typed: string) => stop('badLine', `There is no command ${quote(typed)}; berth help lists them all.`)
