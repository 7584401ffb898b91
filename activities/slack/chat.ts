/** Slack as a chat: its Web API, by the bot's token. */
import type { ChatUser, Post } from '../../workflows/link/terms.ts'
import type { Chat } from '../../workflows/ports.ts'
import { createRooms } from '../rooms.ts'
import { blocksOf, type Content, dateOf } from './blocks.ts'
import { type Slack, slackOf, type SlackTenant, SlackTrouble } from './client.ts'
import { personOf } from './person.ts'
import { vouchFor } from './vouch.ts'

export interface SlackChatOptions {
  readonly tenants: readonly SlackTenant[]
  /** Of one call; a message takes four at the most. */
  readonly deadlineMs?: number
}

const defaultDeadlineMs = 2000

/** Whoever reads it finds what an earlier try posted; only apps of the same workspace see it. */
const eventType = 'berth_message'
/** So many of the newest messages are looked through for it. */
const lookBack = 50

/** What is not there any more, or not ours to change: a message in its place is posted anew. */
const lost: ReadonlySet<string | undefined> = new Set(['message_not_found', 'channel_not_found', 'cant_update_message', 'edit_window_closed', 'is_inactive'])

export function createSlackChat({ tenants, deadlineMs = defaultDeadlineMs }: SlackChatOptions): Chat {
  const slacks = new Map(tenants.map((tenant) => [tenant.team, slackOf(tenant, deadlineMs)]))
  const slackAt = (team: string): Slack => {
    const slack = slacks.get(team)
    if (!slack) throw new SlackTrouble(`This Berth has no token of the Slack workspace ${team}.`)
    return slack
  }
  const rooms = createRooms(async ({ tenant, user }) => {
    const { channel } = await slackAt(tenant)('conversations.open', (client) => client.conversations.open({ users: user }))
    if (channel?.id === undefined) throw new SlackTrouble(`Slack (${tenant}) conversations.open: no channel.`)
    return channel.id
  })

  async function edit(slack: Slack, post: Post, content: Content): Promise<Post | undefined> {
    try {
      await slack('chat.update', (client) => client.chat.update({ channel: post.channel, ts: post.id, ...content, parse: 'none', link_names: false }))
      return { channel: post.channel, id: post.id }
    } catch (error) {
      if (error instanceof SlackTrouble && lost.has(error.code)) return undefined
      throw error
    }
  }

  async function earlier(slack: Slack, channel: string, once: string): Promise<Post | undefined> {
    try {
      const { messages = [] } = await slack('conversations.history', (client) => client.conversations.history({ channel, limit: lookBack, include_all_metadata: true }))
      const found = messages.find(({ metadata }) => metadata?.event_type === eventType && (metadata.event_payload as { once?: unknown } | undefined)?.once === once)
      return found?.ts === undefined ? undefined : { channel, id: found.ts }
    } catch (error) {
      // A second message is better than none.
      if (error instanceof SlackTrouble && error.code === 'missing_scope') return undefined
      throw error
    }
  }

  async function postAnew(slack: Slack, to: ChatUser, { content, once, again }: { readonly content: Content; readonly once: string; readonly again: boolean }): Promise<Post> {
    const channel = await rooms.of(to)
    try {
      const before = again ? await earlier(slack, channel, once) : undefined
      if (before) return before
      const { ts } = await slack('chat.postMessage', (client) => client.chat.postMessage({
        channel, ...content, metadata: { event_type: eventType, event_payload: { once } },
        parse: 'none', link_names: false, unfurl_links: false, unfurl_media: false,
      }))
      if (ts === undefined) throw new SlackTrouble(`Slack (${to.tenant}) chat.postMessage: no message.`)
      return { channel, id: ts }
    } catch (error) {
      if (error instanceof SlackTrouble && error.code === 'channel_not_found') rooms.forget(to)
      throw error
    }
  }

  return {
    async person({ tenant, user }) {
      try {
        const { user: found } = await slackAt(tenant)('users.info', (client) => client.users.info({ user }))
        return found ? personOf(found, tenant) : { is: 'gone', name: user }
      } catch (error) {
        if (error instanceof SlackTrouble && error.code === 'user_not_found') return { is: 'gone', name: user }
        if (error instanceof SlackTrouble && error.code === 'user_not_visible') return { is: 'stranger', name: user }
        throw error
      }
    },
    vouch: async (user, entries) => {
      const { mode, domains = [] } = tenants.find(({ team }) => team === user.tenant) ?? {}
      return mode === 'slack-sso-email' ? vouchFor(slackAt(user.tenant), user, { domains, entries }) : undefined
    },
    async post(to, message, { post, once, again = false }) {
      const slack = slackAt(to.tenant), content = blocksOf(message)
      return (post && await edit(slack, post, content)) ?? await postAnew(slack, to, { content, once, again })
    },
    when: dateOf,
  }
}
