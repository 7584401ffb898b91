/** What a link remembers, and what survives continue-as-new. Plain data; the story changes it in synchronous blocks. */
import type { Answered, LinkInput } from './messages.ts'
import type { Card, ChatUser, Linked, Post, Quiet, Who } from './terms.ts'

export interface Attempt {
  readonly id: string
  readonly until: number
  readonly line?: string
  proven?: { readonly uid: string; readonly uuid: string; readonly code: string; tries: number }
}

/** A card as it is wanted, and as it was last shown. */
export interface Shown {
  card: Card
  /** Not shown yet as it is. */
  stale: boolean
  since: number
  post?: Post
  shownAt?: number
  /** Moment of the last word that was told by a message of its own. */
  told?: number
}

export interface LinkState {
  readonly of: ChatUser
  /** As the platform calls this account; shown, never believed. */
  name?: string
  timeZone?: string
  linked?: Linked
  /** Its platform may say whose it is: then it is remembered below that somebody has unlinked it. */
  vouches?: boolean
  unlinked?: boolean
  quiet?: Quiet
  attempt?: Attempt
  /** Answers to requests that changed something, by request id, the oldest first. */
  answers?: Record<string, { readonly at: number; readonly text: string; readonly code?: string }>
  /** Moments at which attempts began, for their limit. */
  begun: number[]
  cards: Record<string, Shown>
  /** Sentences to be said, the oldest first. */
  sayings: string[]
  /** The platform did not answer: not before then, and how long was waited the last time. */
  away?: { readonly until: number; readonly waitedMs: number }
}

export const openLink = ({ of, carried }: LinkInput): LinkState =>
  carried as LinkState | undefined ?? { of, begun: [], cards: {}, sayings: [] }

/** Longer than a platform delivers a request again, and than one may be replayed. */
const answersMs = 10 * 60_000, mostAnswers = 50

export function keepAnswer(state: LinkState, { request, ...answer }: Answered, now: number): void {
  const kept = Object.entries(state.answers ?? {}).filter(([id, { at }]) => id !== request && now - at <= answersMs).slice(1 - mostAnswers)
  state.answers = Object.fromEntries([...kept, [request, { at: now, ...answer }]])
}

export function whoOf(state: LinkState, request?: string): Who {
  const { linked, attempt, name, timeZone, quiet, answers } = state
  const answer = request === undefined ? undefined : answers?.[request]
  return {
    ...(linked && { linked }), ...(name !== undefined && { name }), ...(timeZone !== undefined && { timeZone }), ...(quiet && { quiet }),
    ...(answer && { answered: { text: answer.text, ...(answer.code !== undefined && { code: answer.code }) } }),
    ...(attempt && { attempt: { id: attempt.id, until: attempt.until, proven: attempt.proven !== undefined } }),
  }
}

export const sayUser = ({ of, name }: Pick<LinkState, 'of' | 'name'>): string =>
  `${of.platform === 'slack' ? 'Slack' : 'Mattermost'} account ${name ?? of.user} (${of.tenant})`
