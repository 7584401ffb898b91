/** What comes back from a chat, opened: a forged, old or foreign one is nothing, and its bearer learns no more than that. */
import { isButtonVerb } from '../../../workflows/rules/card.ts'
import type { ButtonContext, ChatUser, DialogContext, LinkContext, SealKind } from '../../../workflows/link/terms.ts'
import type { ChatSeals } from '../seals.ts'

interface Contexts {
  readonly button: ButtonContext
  readonly dialog: DialogContext
  readonly link: LinkContext
}

const longest = 2000

/** Undefined unless Berth sealed it as this kind, and it is still good. */
export function openContext<K extends SealKind>(seals: ChatSeals, kind: K, { sealed, now }: { readonly sealed: unknown; readonly now: number }): Contexts[K] | undefined {
  if (typeof sealed !== 'string' || sealed.length === 0 || sealed.length > longest) return undefined
  const text = seals.open(kind, sealed)
  if (text === undefined) return undefined
  try {
    const context = JSON.parse(text) as { readonly who?: unknown; readonly exp?: unknown; readonly verb?: unknown; readonly lease?: unknown }
    if (!isUser(context.who) || typeof context.exp !== 'number' || !(context.exp > now)) return undefined
    if (kind === 'button' && (!isButtonVerb(context.verb) || typeof context.lease !== 'string')) return undefined
    return context as unknown as Contexts[K]
  } catch {
    return undefined
  }
}

export const sealContext = <K extends SealKind>(seals: ChatSeals, kind: K, context: Contexts[K]): string => seals.seal(kind, JSON.stringify(context))

export const sameUser = (a: ChatUser, b: ChatUser): boolean => a.platform === b.platform && a.tenant === b.tenant && a.user === b.user

function isUser(who: unknown): who is ChatUser {
  const { platform, tenant, user } = who as Partial<ChatUser> ?? {}
  return (platform === 'slack' || platform === 'mattermost') && typeof tenant === 'string' && typeof user === 'string'
}
