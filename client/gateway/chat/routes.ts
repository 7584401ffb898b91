/** Where chats and the page of a link come in. */
import { Hono } from 'hono'
import type { Env } from '../env.ts'
import { createChat } from './chat.ts'
import { createLinks } from './links.ts'
import { linkRoutes } from './link/routes.ts'
import { mattermostRoutes } from './mattermost/routes.ts'
import type { ChatNeeds } from './needs.ts'
import { slackRoutes } from './slack/routes.ts'
import { startSlackSockets, type SlackSockets } from './slack/socket.ts'

export interface ChatDoors {
  readonly app: Hono<Env>
  /** For chats that are not reached over HTTP; answers at once, whether they can be reached or not. */
  openSockets(): Promise<SlackSockets>
}

export function chatRoutes(of: Omit<ChatNeeds, 'links'>): ChatDoors {
  const { settings, temporal, options } = of, needs = { ...of, links: createLinks(temporal, options) }
  const chat = createChat(needs)
  const app = new Hono<Env>()
  app.route('/chat/mattermost', mattermostRoutes({ chat, servers: settings.mattermost, options, url: settings.url }))
  app.route('/chat/slack', slackRoutes({ chat, tenants: settings.slack, options }))
  app.route('/link', linkRoutes(needs))
  return { app, openSockets: () => startSlackSockets({ chat, tenants: settings.slack, options }) }
}
