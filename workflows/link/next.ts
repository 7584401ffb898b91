/** What a link does next, and when: purely, from what it remembers. */
import { tellAt } from '../rules/quiet.ts'
import type { LinkState, Shown } from './state.ts'

export type Work =
  | { readonly is: 'show' | 'follow' | 'warn' | 'forget'; readonly key: string; readonly at: number }
  | { readonly is: 'say' | 'end the attempt'; readonly at: number }

/** A platform takes about one edit a second. */
export const editEveryMs = 1000
/** Most starts take less, and nobody wants to hear how far they are. */
const slowAfterMs = 2000
/** A last state that could not be shown for so long is given up. */
const forgetAfterMs = 24 * 3_600_000

/** The soonest; undefined when only a message can bring something. What is shown first comes first. */
export function nextWork(state: LinkState, now: number): Work | undefined {
  const works: Work[] = []
  const open = state.away?.until ?? now
  if (state.attempt) works.push({ is: 'end the attempt', at: state.attempt.until })
  for (const [key, shown] of Object.entries(state.cards)) {
    if (isOver(shown) && (!shown.stale || now - shown.since >= forgetAfterMs)) works.push({ is: 'forget', key, at: now })
    else if (shown.stale) works.push({ is: 'show', key, at: Math.max(open, (shown.shownAt ?? -editEveryMs) + editEveryMs) })
    else if (shown.card.phase === 'starting') works.push({ is: 'follow', key, at: Math.max(open, (shown.shownAt ?? now) + slowAfterMs) })
    // Only under a card that shows the same, and never after the end.
    else if (hasNews(shown)) works.push({ is: 'warn', key, at: Math.max(open, tellAt(shown.card.until, now, state)) })
  }
  if (state.sayings.length > 0) works.push({ is: 'say', at: open })
  return works.sort((a, b) => a.at - b.at)[0]
}

const isOver = ({ card }: Shown): boolean => card.phase === 'ended'

export function hasNews({ card, told }: Shown): boolean {
  const lent = card.phase === 'ready' || card.phase === 'paused'
  return lent && card.word !== undefined && card.word.at > (told ?? 0)
}
