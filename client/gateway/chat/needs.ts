/** What serving a chat takes, and what is known of one request. */
import type { ChatUser } from '../../../workflows/link/terms.ts'
import type { Person } from '../../../workflows/ports.ts'
import type { Temporal } from '../../ask.ts'
import type { Accounts } from '../accounts.ts'
import type { InFlight } from '../limits.ts'
import type { GatewayOptions } from '../options.ts'
import type { ChatSeals, Seals } from '../seals.ts'
import type { Sessions } from '../session.ts'
import type { Links } from './links.ts'
import type { ChatSettings } from './settings.ts'

export interface ChatNeeds {
  readonly temporal: Temporal
  readonly accounts: Accounts
  readonly sessions: Sessions
  readonly links: Links
  readonly seals: Seals
  readonly chatSeals: ChatSeals
  readonly options: GatewayOptions
  readonly settings: ChatSettings
  /** Shared with the other doors: so many updates of one member at once. */
  readonly updates: InFlight
  readonly isAdmin: (person: Person) => boolean
}

/** Whose request it is, as the platform has proven it. */
export interface From {
  readonly user: ChatUser
  /** The same for every delivery of one request. */
  readonly requestId: string
  /** Undoes what the platform did to a word of a line while it was typed. */
  readonly unwrap?: (word: string) => string
  /** What the log line says of it once it is known. */
  readonly noted: Noted
}

export interface Noted {
  member?: string
  command?: string
  /** The workflow that it is about. */
  workflow?: string
}
