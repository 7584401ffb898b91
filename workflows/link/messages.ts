/** What is said to a link. A part of the contract, with a file of its own. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow'
import type { Clocks } from '../terms.ts'
import type { Card, ChatUser, Linked, Quiet, Who } from './terms.ts'

/** `link:<platform>:<tenant>:<user>`; the platform's ids are kept as they are, for some tell `a` from `A`. */
export const linkId = ({ platform, tenant, user }: ChatUser): string =>
  ['link', platform, encodeURIComponent(tenant), encodeURIComponent(user)].join(':')

export interface LinkInput {
  readonly of: ChatUser
  /** As all stories have it; set by tests alone. */
  readonly clocks?: Pick<Clocks, 'mostEvents'>
  /** What survives continue-as-new; its shape belongs to `link/`. */
  readonly carried?: unknown
}

/**
 * Begins an attempt; refuses guests, bots and strangers. The command that led here goes on once it is linked. Answers with
 * whom it is linked to when the platform itself has proven that, and there is no attempt then.
 */
export const beginLinkUpdate = defineUpdate<Linked | undefined, [BeginLink]>('begin')
/** Somebody has logged in at the page of an attempt. Once per attempt. */
export const proveLinkUpdate = defineUpdate<void, [ProveLink]>('prove')
/** The code that the page showed, typed back in chat: only then is it linked. */
export const finishLinkUpdate = defineUpdate<Finished, [{ readonly code: string }]>('finish')
/** By the member, or by an admin. Answers with whom it was linked to. */
export const unlinkUpdate = defineUpdate<Linked | undefined, [{ readonly by: string }]>('unlink')
export const quietUpdate = defineUpdate<void, [{ readonly quiet?: Quiet }]>('quiet')
/** With the id of a request, also how it was answered before. */
export const whoQuery = defineQuery<Who, [request?: string]>('who')
/** From the gateway: how it has answered a request that changed something; delivered again, it gets the same answer. */
export const answeredSignal = defineSignal<[Answered]>('answered')
/** From the account: its member's rights to be told here are over. */
export const unlinkSignal = defineSignal<[{ readonly by: string }]>('unlinkNow')
/** From a lease: what it looks like now. */
export const cardSignal = defineSignal<[Card]>('card')
/** From the account: a sentence for the member. */
export const sayInChatSignal = defineSignal<[{ readonly sentence: string }]>('say')

// What an account and a lease hear of links --------------------------------------------------------------------------

/** To the account: this link is its member's, or no longer. */
export const linkedSignal = defineSignal<[LinkedWord]>('linked')
/** To a lease: who follows it, by link ids; replaces what was said before. */
export const followSignal = defineSignal<[{ readonly key: string; readonly links: readonly string[] }]>('follow')

export interface BeginLink {
  readonly attempt: string
  readonly until: number
  /** The command that led here, without the program's name. */
  readonly line?: string
}

export interface ProveLink {
  readonly attempt: string
  readonly uid: string
  readonly uuid: string
  /** Made by the gateway, shown by the page alone. */
  readonly code: string
}

/** What a member has read, before a platform renders it. */
export interface Answered {
  readonly request: string
  readonly text: string
  readonly code?: string
}

export interface Finished {
  readonly linked: Linked
  readonly line?: string
}

export interface LinkedWord {
  readonly link: string
  readonly on: boolean
  /** How the account is called, for the notice. */
  readonly what: string
}
