/**
 * A Mattermost server for tests. It behaves as the real one (5.37.0) was seen to; where that was not tried, as the source of
 * 5.37 and 11 reads: a patch of a deleted post is 403, `pending_post_id` is known for a while on one node, the context of a
 * button is shown to no client, a limit is told in seconds and plain text, how somebody signs in is shown to system admins
 * alone, and the id of that to nobody: it can only be asked whose it is.
 */
import { randomBytes } from 'node:crypto'
import { type Answer, json, type Recorded, startSteered, type Steered } from './steered.ts'

export interface ServerUser {
  readonly id: string
  readonly username: string
  readonly delete_at: number
  readonly is_bot?: boolean
  readonly roles: string
  readonly remote_id?: string
  readonly email?: string
  readonly auth_service?: string
  /** In no answer. */
  readonly auth_data?: string
  readonly timezone: Readonly<Record<string, string>>
}

export interface Action {
  readonly id: string
  readonly name: string
  readonly type?: string
  readonly style?: string
  readonly integration: { readonly url: string; readonly context?: Readonly<Record<string, unknown>> }
}

export interface ServerPost {
  readonly id: string
  readonly channel_id: string
  readonly user_id: string
  readonly create_at: number
  readonly edit_at: number
  readonly delete_at: number
  readonly message: string
  readonly props: Readonly<Record<string, unknown>>
}

export interface MattermostServer extends Steered {
  readonly botToken: string
  readonly bot: ServerUser
  /** The bot is a system admin. */
  admin: boolean
  readonly users: Map<string, ServerUser>
  /** Deleted ones too, with the contexts of their buttons. */
  readonly posts: Map<string, ServerPost>
  /** Every dialog that was opened. */
  readonly dialogs: { readonly trigger_id: string; readonly url: string; readonly dialog: Readonly<Record<string, unknown>> }[]
  /** What was posted to each response URL. */
  readonly hooked: Map<string, Readonly<Record<string, unknown>>[]>
  /** No post is edited that is older; -1 is no limit. */
  editLimitS: number
  addUser(username: string, more?: Partial<ServerUser>): ServerUser
  /** The direct messages of a user with the bot that are there, the oldest first. */
  room(user: string): readonly ServerPost[]
  actionsOf(post: ServerPost): readonly Action[]
  delete(post: string): void
  /** What it knew of `pending_post_id`s is gone: 30 s went by, or another node answers. */
  forgetPending(): void
  /** As the server makes one for a command or a click; `at` in Unix milliseconds. */
  trigger(user: string, at?: number): string
  /** A user clicks: the server tells the address of the button, does what the answer says, and shows its text. */
  click(post: ServerPost, action: string, user: string): Promise<{ readonly status: number; readonly text?: string }>
}

/** Ids are 26 letters and digits. */
const newId = (): string => randomBytes(16).toString('hex').slice(0, 26)
const idShape = /^[a-z0-9]{26}$/
const mostHooked = 5, triggerMs = 3000, longestMessage = 16_383

const error = (status: number, id: string): Answer => json(status, { id, message: `The message of ${id}.`, detailed_error: '', request_id: newId(), status_code: status })
const forbidden = error(403, 'api.context.permissions.app_error')

export async function startMattermostServer(): Promise<MattermostServer> {
  const botToken = newId(), users = new Map<string, ServerUser>(), posts = new Map<string, ServerPost>()
  const channels = new Map<string, readonly [string, string]>(), pending = new Map<string, string>()
  const dialogs: MattermostServer['dialogs'] = [], hooked: MattermostServer['hooked'] = new Map()
  const addUser = (username: string, more: Partial<ServerUser> = {}): ServerUser => {
    const user: ServerUser = {
      id: newId(), username, delete_at: 0, roles: 'system_user', ...more,
      timezone: more.timezone ?? { useAutomaticTimezone: 'true', automaticTimezone: '', manualTimezone: '' },
    }
    users.set(user.id, user)
    return user
  }
  const bot = addUser('berth', { is_bot: true })

  const routes: readonly (readonly [method: string, path: RegExp, answer: (asked: Recorded, id: string) => Answer])[] = [
    ['GET', /^\/users\/auth_data$/, ({ query }) => {
      if (!it.admin) return forbidden
      const value = query.get('value') ?? '', user = [...users.values()].find(({ auth_data }) => auth_data === value)
      if (value === '' || value.length > 128) return error(400, 'api.context.invalid_body_param.app_error')
      return user ? json(200, sanitized(user)) : error(404, 'app.user.missing_account.const')
    }],
    ['GET', /^\/users\/([^/]+)$/, (_, id) => {
      const user = users.get(id === 'me' ? bot.id : id)
      if (user) return json(200, sanitized(user))
      return idShape.test(id) ? error(404, 'app.user.missing_account.const') : error(400, 'api.context.invalid_url_param.app_error')
    }],
    ['POST', /^\/channels\/direct$/, ({ body }) => {
      const ids = read(body) as readonly string[]
      if (!Array.isArray(ids) || ids.length !== 2 || !ids.every((id) => users.has(id))) return error(400, 'api.context.invalid_body_param.app_error')
      if (!ids.includes(bot.id)) return forbidden
      const [one, other] = [...ids].sort() as [string, string]
      const known = [...channels].find(([, both]) => both[0] === one && both[1] === other)
      const id = known?.[0] ?? newId()
      channels.set(id, [one, other])
      return json(201, { id, type: 'D', name: `${one}__${other}`, team_id: '' })
    }],
    ['POST', /^\/posts$/, ({ body }) => create(read(body) as { channel_id?: string; message?: string; props?: Record<string, unknown>; pending_post_id?: string })],
    ['GET', /^\/posts\/([^/]+)$/, (_, id) => {
      const post = posts.get(id)
      return post?.delete_at === 0 ? json(200, shown(post)) : error(404, 'app.post.get.app_error')
    }],
    ['PUT', /^\/posts\/([^/]+)\/patch$/, ({ body }, id) => {
      const post = posts.get(id), patch = read(body) as Partial<ServerPost>
      if (!post || post.delete_at !== 0 || post.user_id !== bot.id) return forbidden
      if (it.editLimitS !== -1 && Date.now() > post.create_at + it.editLimitS * 1000) return error(400, 'api.post.update_post.permissions_time_limit.app_error')
      const wrong = wrongIn(patch)
      if (wrong) return wrong
      const edited = { ...post, edit_at: Date.now(), ...(patch.message !== undefined && { message: patch.message }), ...(patch.props && { props: patch.props }) }
      posts.set(id, edited)
      return json(200, shown(edited))
    }],
    ['GET', /^\/channels\/([^/]+)\/posts$/, ({ query }, id) => {
      if (!channels.has(id)) return forbidden
      const page = roomIn(id).reverse().slice(0, Number(query.get('per_page') ?? 60))
      return json(200, { order: page.map((post) => post.id), posts: Object.fromEntries(page.map((post) => [post.id, shown(post)])), next_post_id: '', prev_post_id: '' })
    }],
  ]

  function create({ channel_id = '', message = '', props = {}, pending_post_id = '' }: { channel_id?: string; message?: string; props?: Record<string, unknown>; pending_post_id?: string }): Answer {
    if (!channels.has(channel_id)) return forbidden
    const known = posts.get(pending.get(pending_post_id) ?? '')
    if (known) return known.delete_at === 0 ? json(201, shown(known)) : error(500, 'api.post.deduplicate_create_post.failed_to_get')
    const wrong = wrongIn({ message, props })
    if (wrong) return wrong
    const post: ServerPost = { id: newId(), channel_id, user_id: bot.id, create_at: Date.now(), edit_at: 0, delete_at: 0, message, props: { ...props, from_bot: 'true' } }
    posts.set(post.id, post)
    if (pending_post_id !== '') pending.set(pending_post_id, post.id)
    return json(201, { ...shown(post), pending_post_id })
  }

  const sanitized = (user: ServerUser) => ({ ...user, auth_data: '', ...(!it.admin && { auth_service: '', email: '' }) })

  const roomIn = (channel: string) => [...posts.values()].filter((post) => post.channel_id === channel && post.delete_at === 0)

  function outside({ path, body }: Recorded): Answer | undefined {
    if (path === '/api/v4/system/ping') return json(200, { status: 'OK' })
    if (path === '/api/v4/actions/dialogs/open') { // no token is asked for (seen)
      const order = read(body) as MattermostServer['dialogs'][number], at = momentIn(order.trigger_id)
      if (at === undefined) return error(400, 'interactive_message.decode_trigger_id.base64_decode_failed')
      if (Date.now() - at > triggerMs) return error(400, 'interactive_message.decode_trigger_id.expired')
      dialogs.push(order)
      return json(200, { status: 'OK' })
    }
    const hook = /^\/hooks\/commands\/([^/]+)$/.exec(path)?.[1]
    if (hook === undefined) return undefined
    const before = hooked.get(hook) ?? []
    if (before.length >= mostHooked) return error(400, 'app.command_webhook.try_use.invalid')
    hooked.set(hook, [...before, read(body) as Readonly<Record<string, unknown>>])
    return { status: 200, headers: { 'content-type': 'text/plain' }, body: 'ok' }
  }

  const steered = await startSteered({
    answer(asked) {
      const open = outside(asked)
      if (open) return open
      if (asked.headers.authorization !== `Bearer ${botToken}`) return error(401, 'api.context.session_expired.app_error')
      const path = asked.path.replace(/^\/api\/v4/, '')
      for (const [method, shape, answer] of routes) {
        const found = asked.method === method ? shape.exec(path) : null
        if (found) return answer(asked, found[1] ?? '')
      }
      return error(404, 'api.context.404.app_error')
    },
    // throttled/http.go, as its ratelimit.go copies it.
    limited: (seconds) => ({
      status: 429, body: 'limit exceeded\n',
      headers: { 'content-type': 'text/plain', 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(seconds + 10), 'retry-after': String(seconds) },
    }),
  })

  const it: MattermostServer = Object.assign(steered, {
    botToken, bot, admin: false, users, posts, dialogs, hooked, editLimitS: -1, addUser, actionsOf,
    room: (user: string) => [...channels].filter(([, both]) => both.includes(user) && both.includes(bot.id)).flatMap(([id]) => roomIn(id)),
    delete: (id: string) => void posts.set(id, { ...posts.get(id)!, delete_at: Date.now() }),
    forgetPending: () => pending.clear(),
    trigger: (user: string, at = Date.now()) => Buffer.from(`${newId()}:${user}:${at}:${randomBytes(48).toString('base64')}`).toString('base64'),
    async click(post: ServerPost, action: string, user: string) {
      const { url, context = {} } = actionsOf(posts.get(post.id)!).find(({ id }) => id === action)!.integration
      const response = await fetch(url, {
        method: 'POST', headers: { 'user-agent': 'Mattermost-Bot/1.1', accept: 'application/json', 'content-type': 'application/json' },
        body: JSON.stringify({
          user_id: user, user_name: users.get(user)?.username ?? '', channel_id: post.channel_id, channel_name: '', team_id: '', team_domain: '',
          post_id: post.id, trigger_id: it.trigger(user), type: '', data_source: '', context,
        }),
      })
      const answer = read(await response.text()) as { readonly update?: Partial<ServerPost>; readonly ephemeral_text?: string } | undefined
      if (answer?.update) posts.set(post.id, { ...posts.get(post.id)!, ...answer.update, edit_at: Date.now() })
      return { status: response.status, ...(answer?.ephemeral_text !== undefined && { text: answer.ephemeral_text }) }
    },
  })
  return it
}

function wrongIn({ message, props }: Partial<ServerPost>): Answer | undefined {
  if (message !== undefined && [...message].length > longestMessage) return error(400, 'model.post.is_valid.message_length.app_error')
  const wrong = actionsIn(props).some(({ id, name, type, integration }) =>
    !/^[A-Za-z0-9]+$/.test(id) || name === '' || type !== 'button' || !/^https?:\/\//.test(integration?.url ?? ''))
  return wrong ? error(400, 'model.post.is_valid.props.app_error') : undefined
}

const actionsIn = (props: ServerPost['props'] | undefined): readonly Action[] =>
  (props?.['attachments'] as readonly { readonly actions?: readonly Action[] }[] | undefined ?? []).flatMap(({ actions }) => actions ?? [])

const actionsOf = ({ props }: ServerPost): readonly Action[] => actionsIn(props)

/** As a client gets it. */
function shown(post: ServerPost): ServerPost {
  const attachments = post.props['attachments'] as readonly { readonly actions?: readonly Action[] }[] | undefined
  return { ...post, props: { ...post.props, ...(attachments && {
    attachments: attachments.map((one) => ({ ...one, ...(one.actions && { actions: one.actions.map(({ integration: _, ...action }) => action) }) })),
  }) } }
}

function momentIn(trigger: string | undefined): number | undefined {
  const at = Buffer.from(trigger ?? '', 'base64').toString('latin1').split(':')[2]
  return at !== undefined && /^\d{13}$/.test(at) ? Number(at) : undefined
}

function read(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
