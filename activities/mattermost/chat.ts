/** Mattermost as a chat: its REST API, by the bot's token. */
import type { ChatUser, Post } from '../../workflows/link/terms.ts'
import type { Chat } from '../../workflows/ports.ts'
import { createRooms } from '../rooms.ts'
import { type Mattermost, type MattermostAt, mattermostAt, MattermostTrouble } from './api.ts'
import { type Content, contentOf, dateOf } from './attachments.ts'
import { type MattermostUser, personOf } from './person.ts'
import { vouchFor } from './vouch.ts'

export interface MattermostChatOptions {
  readonly servers: readonly (MattermostAt & {
    /** Where the server tells of clicks. */
    readonly actionUrl: string
  })[]
  /** Of one call; a message takes four at the most, and two more the first time. */
  readonly deadlineMs?: number
}

const defaultDeadlineMs = 1600

/** So many of the newest posts are looked through for what an earlier try posted. */
const lookBack = 50

interface MattermostPost {
  readonly id: string
  readonly channel_id: string
  readonly user_id: string
  readonly delete_at: number
  readonly props?: Readonly<Record<string, unknown>> | null
}

interface Server {
  readonly call: Mattermost
  readonly actionUrl: string
  readonly mode: MattermostAt['mode']
  /** The bot's own id. */
  me(): Promise<string>
}

export function createMattermostChat({ servers, deadlineMs = defaultDeadlineMs }: MattermostChatOptions): Chat {
  const byName = new Map(servers.map((server) => [server.name, open(server, deadlineMs)]))
  const serverOf = ({ tenant, user }: ChatUser): Server => {
    const server = byName.get(tenant)
    if (!server) throw new MattermostTrouble(`This Berth does not know the Mattermost server ${tenant}.`)
    if (!isId(user)) throw new MattermostTrouble('This is no id of a Mattermost user.')
    return server
  }
  const rooms = createRooms(async (to) => {
    const { call, me } = serverOf(to)
    return (await call<{ readonly id: string }>('POST', '/channels/direct', [await me(), to.user])).id
  })

  async function postAnew(to: ChatUser, content: Content, { once, again }: { readonly once: string; readonly again: boolean }): Promise<Post> {
    const { call, me } = serverOf(to), channel = await rooms.of(to), bot = await me()
    try {
      const before = again ? await earlier(call, { channel, bot, once }) : undefined
      const { id } = before ?? await call<MattermostPost>('POST', '/posts', {
        channel_id: channel, message: content.message, props: { ...content.props, berth_once: once },
        // A second one within 30 s gets the first post; each node of a cluster knows only its own (app/post.go, 5.37 and 11).
        pending_post_id: `${bot}:${once}`,
      })
      return { channel, id }
    } catch (error) {
      if (error instanceof MattermostTrouble && (error.status === 403 || error.status === 404)) rooms.forget(to)
      throw error
    }
  }

  return {
    async person(user) {
      const { call } = serverOf(user)
      try {
        return personOf(await call<MattermostUser>('GET', `/users/${user.user}`))
      } catch (error) {
        if (error instanceof MattermostTrouble && error.status === 404) return { is: 'gone', name: user.user }
        throw error
      }
    },
    vouch: async (user, entries) => {
      const { call, mode } = serverOf(user)
      return mode === 'mattermost-ldap' ? vouchFor(call, user.user, entries) : undefined
    },
    async post(to, message, { post, once, again = false }) {
      const server = serverOf(to), content = contentOf(message, server.actionUrl)
      if (post && await edit(server, post, content)) return { channel: post.channel, id: post.id }
      return postAnew(to, content, { once, again })
    },
    when: dateOf,
  }
}

function open(server: MattermostChatOptions['servers'][number], deadlineMs: number): Server {
  const call = mattermostAt(server, deadlineMs)
  let known: string | undefined
  return { call, actionUrl: server.actionUrl, mode: server.mode, me: async () => known ??= (await call<MattermostUser>('GET', '/users/me')).id }
}

/** Whatever else a path could be made of. `me` would be the bot itself. */
const isId = (id: string): boolean => /^[a-z0-9]+$/i.test(id) && id !== 'me'

/** False when the post is not there any more, or not ours to change. */
async function edit({ call, me }: Server, post: Post, content: Content): Promise<boolean> {
  if (!isId(post.id)) return false
  try {
    await call<MattermostPost>('PUT', `/posts/${post.id}/patch`, content)
    return true
  } catch (error) {
    if (!(error instanceof MattermostTrouble) || ![400, 403, 404].includes(error.status ?? 0)) throw error
    if (error.id === 'api.post.update_post.permissions_time_limit.app_error') return false
    // A post that was deleted is answered with 403 (api4/post.go, 5.37 and 11), as one that may not be edited is.
    if (await isThere(call, post.id, await me())) throw error
    return false
  }
}

async function isThere(call: Mattermost, id: string, bot: string): Promise<boolean> {
  try {
    const { delete_at, user_id } = await call<MattermostPost>('GET', `/posts/${id}`)
    return delete_at === 0 && user_id === bot
  } catch (error) {
    if (error instanceof MattermostTrouble && (error.status === 403 || error.status === 404)) return false
    throw error
  }
}

async function earlier(call: Mattermost, { channel, bot, once }: { readonly channel: string; readonly bot: string; readonly once: string }): Promise<MattermostPost | undefined> {
  const { posts } = await call<{ readonly posts: Readonly<Record<string, MattermostPost>> | null }>('GET', `/channels/${channel}/posts?page=0&per_page=${lookBack}`)
  return Object.values(posts ?? {}).find((post) => post.user_id === bot && post.delete_at === 0 && post.props?.['berth_once'] === once)
}
