/** The nouns of chat, as they cross process borders: who somebody is there, what a card shows, what is told. */
import type { Endpoint, Notice, Phase } from '../terms.ts'

export type Platform = 'slack' | 'mattermost'

/**
 * A chat account by what its platform never changes. The tenant is a Slack `team_id`, or the name that the configuration
 * gives a Mattermost server: its own `team_id` is empty in direct messages.
 */
export interface ChatUser {
  readonly platform: Platform
  readonly tenant: string
  readonly user: string
}

/** What the platform says of an account now. */
export interface ChatPerson {
  readonly is: 'member' | 'guest' | 'bot' | 'stranger' | 'gone'
  /** Shown to whoever is asked whether this is his or hers; never believed. */
  readonly name: string
  /** IANA name, like `Europe/Zurich`. */
  readonly timeZone?: string
}

/** An account as a look at it shows it; `vouched` where its platform may say whose it is. */
export interface ChatLook extends ChatPerson {
  readonly vouched?: { readonly is: 'proven'; readonly uid: string; readonly uuid: string } | { readonly is: 'unproven' }
}

/** A message that was posted, by the platform's own ids. */
export interface Post {
  readonly channel: string
  readonly id: string
}

/** What a member is shown of one lease; a new state is a new card in the same place. */
export interface Card {
  readonly key: string
  readonly name: string
  readonly image: string
  readonly phase: Phase
  readonly site: string
  readonly fqdn?: string
  readonly endpoints: readonly Pick<Endpoint, 'port' | 'hostPort' | 'fqdn'>[]
  readonly queue?: { readonly position: number; readonly reason: string }
  readonly until?: number
  /** Its host does not keep the files of what sleeps. */
  readonly losesFiles?: true
  readonly held?: { readonly until: number; readonly reason: string }
  /** The last thing it had to say beside its state: a warning, that it looks idle, trouble. */
  readonly word?: Pick<Notice, 'at' | 'kind' | 'sentence'>
  /** Why it is over. */
  readonly ending?: string
}

/** What a button does; `logs` only shows. */
export type ButtonVerb = 'extend' | 'return' | 'resume' | 'logs'

/** Text and buttons, before a platform renders them. `**bold**` and `` `code` `` are all the markup there is. */
export interface Message {
  readonly lines: readonly string[]
  readonly buttons: readonly Button[]
}

export interface Button {
  readonly verb: ButtonVerb
  readonly label: string
  readonly style?: 'danger'
  /** Asked before it acts. */
  readonly confirm?: string
}

/** A chat account's proven link to an entry of the directory. */
export interface Linked {
  readonly uid: string
  /** entryUUID: another one under the same uid is a stranger. */
  readonly uuid: string
  readonly since: number
}

/** Local times between which warnings that can wait do so, in minutes since midnight; `from` may be after `to`. */
export interface Quiet {
  readonly from: number
  readonly to: number
}

/** What a link answers to `who`. */
export interface Who {
  readonly linked?: Linked
  /** An attempt to link that is under way. */
  readonly attempt?: { readonly id: string; readonly until: number; readonly proven: boolean }
  readonly name?: string
  readonly timeZone?: string
  readonly quiet?: Quiet
  /** How the request that was named was answered. */
  readonly answered?: { readonly text: string; readonly code?: string }
}

/** What is sealed into whatever comes back from a chat: each kind opens only where it belongs. */
export type SealKind = 'button' | 'dialog' | 'link'

/** What a button stands for; short keys, for a platform takes 2,000 characters. */
export interface ButtonContext {
  readonly verb: ButtonVerb
  /** The lease's key: last week's card never reaches today's lease of the same name. */
  readonly lease: string
  readonly who: ChatUser
  /** The end that the card shows: a second click finds it already acted upon. */
  readonly until?: number
  readonly exp: number
}

/** What the page of an attempt to link is for. */
export interface LinkContext {
  readonly attempt: string
  readonly who: ChatUser
  readonly exp: number
}

/** What a dialog was opened for. */
export interface DialogContext {
  readonly verb: 'lend'
  readonly who: ChatUser
  /** Becomes the request id, so that a dialog submitted twice lends once. */
  readonly id: string
  readonly exp: number
}
