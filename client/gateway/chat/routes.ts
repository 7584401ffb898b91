/** Where chats and the page of a link come in. */
import { Hono } from 'hono'
import type { Person } from '../../../workflows/ports.ts'
import type { Temporal } from '../../ask.ts'
import type { Accounts } from '../accounts.ts'
import type { Env } from '../env.ts'
import type { InFlight } from '../limits.ts'
import type { GatewayOptions } from '../options.ts'
import type { ChatSeals, Seals } from '../seals.ts'
import type { Sessions } from '../session.ts'
import { createChat } from './chat.ts'
import { createLinks } from './links.ts'
import { linkRoutes } from './link/routes.ts'
import { mattermostRoutes } from './mattermost/routes.ts'
import type { ChatSettings } from './settings.ts'
import { slackRoutes } from './slack/routes.ts'
import { startSlackSockets, type SlackSockets } from './slack/socket.ts'

export interface ChatRoutesNeeds {
  readonly settings: ChatSettings
  readonly seals: Seals
  readonly chatSeals: ChatSeals
  readonly temporal: Temporal
  readonly accounts: Accounts
  readonly sessions: Sessions
  readonly options: GatewayOptions
  readonly updates: InFlight
  readonly isAdmin: (person: Person) => boolean
}

export interface ChatDoors {
  readonly app: Hono<Env>
  /** For chats that are not reached over HTTP; answers at once, whether they can be reached or not. */
  openSockets(): Promise<SlackSockets>
}

export function chatRoutes({ isAdmin, ...needs }: ChatRoutesNeeds): ChatDoors {
  const { settings, temporal, options } = needs
  const links = createLinks(temporal, options)
  const chat = createChat({ ...needs, links, isAdmin: ({ person }) => person !== undefined && isAdmin(person) })
  const app = new Hono<Env>()
  app.route('/chat/mattermost', mattermostRoutes({ chat, servers: settings.mattermost, options, url: settings.url }))
  app.route('/chat/slack', slackRoutes({ chat, tenants: settings.slack, options }))
  app.route('/link', linkRoutes({ ...needs, links }))
  return { app, openSockets: () => startSlackSockets({ chat, tenants: settings.slack, options }) }
}
