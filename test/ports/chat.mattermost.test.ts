import { describe, expect, it, onTestFinished } from 'vitest'
import { createMattermostChat } from '../../activities/mattermost/chat.ts'
import type { ChatUser } from '../../workflows/link/terms.ts'
import { ChatLimited } from '../../workflows/ports.ts'
import { type MattermostServer, type ServerPost, startMattermostServer } from '../chat/mattermostServer.ts'
import { json, startSteered } from '../chat/steered.ts'
import { button, chatSuite, type ChatUnderTest, newOnce, saying, type Seen, thrownBy, writtenSuite } from './chat.suite.ts'

const actionUrl = 'https://berth.example.org/chat/mattermost/campus/action'
const at = (user: string): ChatUser => ({ platform: 'mattermost', tenant: 'campus', user })
const chatOf = ({ url, botToken }: Pick<MattermostServer, 'url' | 'botToken'>, deadlineMs = 10_000) =>
  createMattermostChat({ servers: [{ name: 'campus', url, botToken, actionUrl }], deadlineMs })

async function open(): Promise<ChatUnderTest> {
  const server = await startMattermostServer(), hastyMs = 300
  const zone = { useAutomaticTimezone: 'true', automaticTimezone: 'Europe/Zurich', manualTimezone: 'Asia/Tokyo' }
  const userOf = (...more: Parameters<typeof server.addUser>) => at(server.addUser(...more).id)
  let members = 0
  return {
    chat: chatOf(server), hasty: chatOf(server, hastyMs), hastyMs, newMember: () => userOf(`member${++members}`),
    people: {
      member: userOf('mika', { timezone: zone }), guest: userOf('guest', { roles: 'system_guest' }), bot: at(server.bot.id),
      stranger: userOf('mika:other', { remote_id: 'abc' }), gone: userOf('gone', { delete_at: 1 }),
    },
    room: ({ user }) => server.room(user).map((post) => seen(server, post)),
    remove: ({ id }) => server.delete(id),
    trouble: {
      down: (on) => { server.down = on },
      silent: (how) => { server.silent = how },
      limitedS: (seconds) => { server.limitedS = seconds },
      loseAnswer: () => { server.loseAnswers = 1 },
    },
    secrets: [server.botToken], close: () => server.close(),
  }
}

/** As a client shows it: a character behind a backslash is itself; of what is left, links, pictures and formatting act. */
function seen(server: MattermostServer, post: ServerPost): Seen {
  const held: string[] = []
  const hold = (text: string) => `\u{e000}${held.push(text) - 1}\u{e001}`
  const lines = post.message.replace(/`([^`\n]+)`|\\([^\p{L}\p{N}\s])/gu, (_, code: string | undefined, escaped: string | undefined) => hold(code ?? escaped ?? ''))
  const free = lines.replace(/\*\*([^*\n]+)\*\*/g, '$1')
  return {
    post: { channel: post.channel_id, id: post.id },
    acts: [
      ...lines.match(/^(?:[>#+-]|\d+[.)]) |^\||^[=-]+$/gm) ?? [],
      ...free.match(/\[[^\]]*\]\([^)]*\)|<[^>]+>|[*`]|~~|(?<![\p{L}\p{N}\u{e001}])_\S|\S_(?![\p{L}\p{N}\u{e000}])/gu) ?? [],
    ],
    text: free.replace(/\u{e000}(\d+)\u{e001}/gu, (_, n: string) => held[Number(n)]!),
    buttons: server.actionsOf(post).map(({ id, name, style, integration }) => ({ verb: id, label: name, context: integration.context?.['sealed'], danger: style === 'danger' })),
  }
}

describe('Mattermost', () => {
  chatSuite(open)
  writtenSuite(open)

  async function openServer() {
    const server = await startMattermostServer(), member = at(server.addUser('mika').id)
    onTestFinished(() => server.close())
    return { server, chat: chatOf(server), member, calls: () => server.requests.map(({ method, path }) => `${method} ${path.replace('/api/v4', '').replace(/[a-z0-9]{26}/g, '…')}`) }
  }

  it('asks for its own id and the room of a user once', async () => {
    const { chat, member, calls } = await openServer()
    const post = await chat.post(member, saying('one'), { once: newOnce() })
    await chat.post(member, saying('two'), { once: newOnce() })
    await chat.post(member, saying('three'), { post, once: newOnce() })
    expect(calls()).toEqual(['GET /users/me', 'POST /channels/direct', 'POST /posts', 'POST /posts', 'PUT /posts/…/patch'])
  })

  it('gives the server what tells a second try from a second message, and looks only on a second try', async () => {
    const { server, chat, member, calls } = await openServer(), once = newOnce()
    const post = await chat.post(member, saying('one'), { once })
    expect(await chat.post(member, saying('one'), { once })).toEqual(post)
    expect(calls()).not.toContain('GET /channels/…/posts')
    server.forgetPending()
    expect(await chat.post(member, saying('one'), { once, again: true })).toEqual(post)
    expect(calls().slice(-1)).toEqual(['GET /channels/…/posts'])
    expect(server.room(member.user)).toHaveLength(1)
  })

  it('takes nobody else’s post for its own on a second try', async () => {
    const { server, chat, member } = await openServer(), once = newOnce()
    const first = await chat.post(member, saying('one'), { once: newOnce() })
    server.posts.set('x'.repeat(26), { ...server.posts.get(first.id)!, id: 'x'.repeat(26), user_id: member.user, props: { berth_once: once } })
    const post = await chat.post(member, saying('two'), { once, again: true })
    expect(post.id).not.toBe('x'.repeat(26))
    expect(server.posts.get(post.id)).toMatchObject({ message: 'two', user_id: server.bot.id })
  })

  it('is clicked with the very context, which no client is shown', async () => {
    const { server, member } = await openServer()
    const clicks = await startSteered({ answer: () => json(200, { ephemeral_text: 'done' }), limited: () => json(429, {}) })
    onTestFinished(() => clicks.close())
    const chat = createMattermostChat({ servers: [{ name: 'campus', url: server.url, botToken: server.botToken, actionUrl: `${clicks.url}/chat/mattermost/campus/action` }] })
    const { id } = await chat.post(member, { lines: ['one'], buttons: [button('extend', 'k1.sealed')] }, { once: newOnce() })
    expect(await server.click(server.posts.get(id)!, 'extend', member.user)).toEqual({ status: 200, text: 'done' })
    expect(clicks.requests).toMatchObject([{ method: 'POST', path: '/chat/mattermost/campus/action' }])
    expect(JSON.parse(clicks.requests[0]!.body)).toMatchObject({ user_id: member.user, team_id: '', post_id: id, context: { sealed: 'k1.sealed' } })
    const shown = await fetch(`${server.url}/api/v4/posts/${id}`, { headers: { authorization: `Bearer ${server.botToken}` } })
    expect(await shown.text()).not.toContain('k1.sealed')
  })

  it('says on a button that it deletes, for no button can ask', async () => {
    const { server, chat, member } = await openServer()
    const { id } = await chat.post(member, { lines: ['one'], buttons: [
      button('return', 'c1', { label: 'Return', style: 'danger', confirm: 'Return web? Its container and its files go for good.' }), button('extend', 'c2', { label: 'Extend' }),
    ] }, { once: newOnce() })
    expect(server.actionsOf(server.posts.get(id)!)).toEqual([
      { id: 'return', type: 'button', name: 'Return (deletes its files)', style: 'danger', integration: { url: actionUrl, context: { sealed: 'c1' } } },
      { id: 'extend', type: 'button', name: 'Extend', integration: { url: actionUrl, context: { sealed: 'c2' } } },
    ])
  })

  it('posts anew what is too old to be edited, and what another bot posted', async () => {
    const { server, chat, member } = await openServer()
    const post = await chat.post(member, saying('one'), { once: newOnce() })
    server.posts.set(post.id, { ...server.posts.get(post.id)!, create_at: Date.now() - 3_600_000 })
    server.editLimitS = 60
    const next = await chat.post(member, saying('two'), { post, once: newOnce() })
    expect(next.id).not.toBe(post.id)
    server.editLimitS = -1
    server.posts.set(next.id, { ...server.posts.get(next.id)!, user_id: member.user })
    const third = await chat.post(member, saying('three'), { post: next, once: newOnce() })
    expect(third.id).not.toBe(next.id)
    expect(server.room(member.user).map(({ message }) => message)).toEqual(['one', 'two', 'three'])
  })

  it('posts nothing anew while a post of its own is there and may not be edited', async () => {
    const calls: string[] = [], bot = 'b'.repeat(26), id = 'p'.repeat(26)
    const server = await startSteered({
      answer: ({ method, path }) => {
        calls.push(method)
        if (method === 'PUT') return json(403, { id: 'api.context.permissions.app_error' })
        return json(200, path.endsWith('/me') ? { id: bot } : { id, channel_id: 'c', user_id: bot, delete_at: 0 })
      },
      limited: () => json(429, {}),
    })
    onTestFinished(() => server.close())
    const error = await thrownBy(chatOf({ url: server.url, botToken: 'token' }).post(at('u'.repeat(26)), saying('two'), { post: { channel: 'c', id }, once: newOnce() }))
    expect(error.message).toBe('Mattermost (campus) PUT /posts/…/patch: 403 api.context.permissions.app_error.')
    expect(calls).not.toContain('POST')
  })

  it('refuses a user id that would be a path, or the bot itself', async () => {
    const { server, chat } = await openServer()
    for (const user of ['me', '../users/me', '', 'a/b', 'a?b']) await thrownBy(chat.post(at(user), saying('one'), { once: newOnce() }))
    for (const user of ['me', '../system/ping']) await thrownBy(chat.person(at(user)))
    expect(server.requests).toEqual([])
  })

  it('knows who was never there, and the zone that a user chose by hand', async () => {
    const { server, chat } = await openServer()
    expect(await chat.person(at('z'.repeat(26)))).toEqual({ is: 'gone', name: 'z'.repeat(26) })
    const zone = { useAutomaticTimezone: 'false', automaticTimezone: 'Europe/Zurich', manualTimezone: 'Asia/Tokyo' }
    expect(await chat.person(at(server.addUser('aiko', { timezone: zone }).id))).toEqual({ is: 'member', name: 'aiko', timeZone: 'Asia/Tokyo' })
    expect(await chat.person(at(server.addUser('sam').id))).toEqual({ is: 'member', name: 'sam' })
  })

  it('says what was wrong with a token, and not the token', async () => {
    const { server, member } = await openServer()
    const error = await thrownBy(chatOf({ url: server.url, botToken: 'wrong-token' }).person(member))
    expect(error.message).toBe('Mattermost (campus) GET /users/…: 401 api.context.session_expired.app_error.')
    const broken = await thrownBy(chatOf({ url: server.url, botToken: 'broken\ntoken' }).person(member))
    expect(`${broken.message} ${broken.stack}`).not.toContain('broken')
  })

  const soon = Math.floor(Date.now() / 1000) + 40
  it.each([
    ['a limit with only its reset in seconds', { status: 429, headers: { 'x-ratelimit-reset': '12' }, body: 'limit exceeded\n' }, [12_000, 12_000]],
    ['a limit with only its reset as a moment', { status: 429, headers: { 'x-ratelimit-reset': String(soon) }, body: '' }, [20_000, 40_000]],
    ['a limit without a time', { status: 429, body: '' }, [1000, 1000]],
    ['502 of a proxy', { status: 502, body: '<html>token-of-the-bot</html>' }, 'Mattermost (campus) GET /users/…: 502.'],
    ['200 of a login page', { status: 200, body: '<html>token-of-the-bot</html>' }, 'Mattermost (campus) GET /users/…: 200, and no JSON.'],
    ['an error that is no id', json(400, { id: 'token-of-the-bot is <b>wrong</b>' }), 'Mattermost (campus) GET /users/…: 400.'],
  ] as const)('an answer of %s is told as it is', async (_, answer, told) => {
    const server = await startSteered({ answer: () => answer, limited: () => answer })
    onTestFinished(() => server.close())
    const error = await thrownBy(chatOf({ url: server.url, botToken: 'token-of-the-bot' }).person(at('u'.repeat(26))))
    if (Array.isArray(told)) {
      expect(error).toBeInstanceOf(ChatLimited)
      expect((error as ChatLimited).afterMs).toBeGreaterThanOrEqual(told[0]!)
      expect((error as ChatLimited).afterMs).toBeLessThanOrEqual(told[1]!)
    } else {
      expect(error.message).toBe(told)
    }
    expect(error.message).not.toContain('token-of-the-bot')
    expect(server.requests).toHaveLength(1)
  })

  it('takes its token nowhere else, whatever an answer says', async () => {
    const elsewhere = await startSteered({ answer: () => json(200, { id: 'x', username: 'x', delete_at: 0 }), limited: () => json(429, {}) })
    const server = await startSteered({ answer: () => ({ status: 307, headers: { location: elsewhere.url }, body: '' }), limited: () => json(429, {}) })
    onTestFinished(async () => void await Promise.all([server.close(), elsewhere.close()]))
    const error = await thrownBy(chatOf({ url: server.url, botToken: 'token-of-the-bot' }).person(at('u'.repeat(26))))
    expect(error.message).toMatch(/^Mattermost \(campus\) GET \/users\/…: no answer \(\w+\)\.$/)
    expect(elsewhere.requests).toEqual([])
  })

  it('writes a moment in the reader’s own zone, and in UTC where that is not known', () => {
    const chat = chatOf({ url: 'http://127.0.0.1:1', botToken: 'x' }), at = Date.UTC(2026, 10, 29, 13, 5)
    expect(chat.when(at, 'Europe/Zurich')).toBe('Sun 29 Nov, 14:05 CET')
    expect(chat.when(at, undefined)).toBe('Sun 29 Nov, 13:05 UTC')
    expect(chat.when(at, 'Nowhere/Else')).toBe('Sun 29 Nov, 13:05 UTC')
    expect(chat.when(Date.UTC(2026, 6, 1, 22, 30), 'America/New_York')).toMatch(/^Wed 1 Jul, 18:30 /)
  })
})

describe('the Mattermost server of the tests behaves as the real one was seen to', () => {
  async function opened() {
    const server = await startMattermostServer()
    onTestFinished(() => server.close())
    const post = (path: string, body: unknown) => fetch(`${server.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    return { server, post }
  }

  it('opens a dialog for a fresh trigger, and not for one older than 3 s', async () => {
    const { server, post } = await opened(), user = server.addUser('mika').id
    const order = (trigger_id: string) => ({ trigger_id, url: 'https://berth.example.org/dialog', dialog: { title: 'Lend' } })
    expect((await post('/api/v4/actions/dialogs/open', order(server.trigger(user)))).status).toBe(200)
    const late = await post('/api/v4/actions/dialogs/open', order(server.trigger(user, Date.now() - 3500)))
    expect([late.status, (await late.json() as { id: string }).id]).toEqual([400, 'interactive_message.decode_trigger_id.expired'])
    expect(server.dialogs).toMatchObject([{ url: 'https://berth.example.org/dialog' }])
  })

  it('takes five posts of a response URL, and no sixth', async () => {
    const { server, post } = await opened()
    const statuses = []
    for (let n = 1; n <= 6; n++) statuses.push((await post('/hooks/commands/abc', { text: `${n}` })).status)
    expect(statuses).toEqual([200, 200, 200, 200, 200, 400])
    expect(server.hooked.get('abc')).toHaveLength(5)
  })
})
