import { describe, expect, it, onTestFinished } from 'vitest'
import { createSlackChat } from '../../activities/slack/chat.ts'
import type { ChatUser } from '../../workflows/link/terms.ts'
import type { ChatLimited } from '../../workflows/ports.ts'
import { type SlackApi, type SlackMessage, startSlackApi } from '../chat/slackApi.ts'
import { json, startSteered } from '../chat/steered.ts'
import { button, chatSuite, type ChatUnderTest, newOnce, saying, type Seen, thrownBy, writtenSuite } from './chat.suite.ts'

const at = (api: Pick<SlackApi, 'team'>, user: string): ChatUser => ({ platform: 'slack', tenant: api.team, user })
const chatOf = ({ team, url, botToken }: Pick<SlackApi, 'team' | 'url' | 'botToken'>, deadlineMs = 10_000) => createSlackChat({ tenants: [{ team, botToken, api: url }], deadlineMs })

async function open(): Promise<ChatUnderTest> {
  const api = await startSlackApi({ members: 60 }), hastyMs = 300
  const [member = '', guest = '', stranger = '', gone = '', ...members] = api.members
  api.more.set(member, { tz: 'Europe/Zurich' })
  api.more.set(guest, { is_restricted: true })
  api.more.set(stranger, { is_stranger: true, team_id: 'T0ELSEWHERE' })
  api.more.set(gone, { deleted: true })
  return {
    chat: chatOf(api), hasty: chatOf(api, hastyMs), hastyMs, newMember: () => at(api, members.pop()!),
    people: { member: at(api, member), guest: at(api, guest), bot: at(api, api.botUser), stranger: at(api, stranger), gone: at(api, gone) },
    room: async ({ user }) => {
      const channel = await api.channel(user)
      return (await api.room(user)).map((message) => seen(message, channel))
    },
    remove: ({ channel, id }) => api.delete(channel, id),
    trouble: {
      down: (on) => { api.down = on },
      silent: (how) => { api.silent = how },
      limitedS: (seconds) => { api.limitedS = seconds },
      // The first call of a post to somebody new opens the room.
      loseAnswer: () => { api.loseAnswers = 1 },
    },
    secrets: [api.botToken], close: () => api.close(),
  }
}

/** As a client shows it: what is escaped is itself, a date is its fallback, and what else stands in `<…>` acts. */
function seen({ ts, text: fallback, blocks = [] }: SlackMessage, channel: string): Seen {
  const written = blocks.filter(({ type }) => type === 'section').map(({ text }) => text!.text).join('\n')
  expect(fallback).toBe(written)
  const dated = written.replace(/<!date\^\d+\^\{date_short_pretty\} \{time\}\|([^<>|^]+)>/g, '$1')
  // Formatting acts at the edges of words alone; these are the pairs that were meant.
  const text = dated.replace(/(^|[^\p{L}\p{N}])\*([^*\n]+)\*(?![\p{L}\p{N}])/gmu, '$1$2').replace(/`([^`\n]+)`/g, '$1')
  return {
    post: { channel, id: ts },
    acts: [
      ...dated.match(/<[^>]*>?|>|&(?!(?:amp|lt|gt);)/g) ?? [], // in code, too
      ...dated.replace(/`[^`\n]+`/g, 'code').match(/(?<![\p{L}\p{N}])[_~]\S|\S[_~](?![\p{L}\p{N}])|`/gu) ?? [],
    ],
    text: text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'),
    buttons: blocks.flatMap(({ elements = [] }) => elements).map((one) => ({ verb: one.action_id, label: one.text.text, context: one.value, danger: one.style === 'danger' })),
  }
}

describe('Slack', () => {
  chatSuite(open)
  writtenSuite(open)

  async function openApi(...options: Parameters<typeof startSlackApi>) {
    const api = await startSlackApi(...options)
    onTestFinished(() => api.close())
    return { api, chat: chatOf(api), member: at(api, api.members[0]!), methods: () => api.requests.map(({ path }) => path.replace('/api/', '')) }
  }

  it('asks for the room of a user once', async () => {
    const { chat, member, methods } = await openApi()
    const post = await chat.post(member, saying('one'), { once: newOnce() })
    await chat.post(member, saying('two'), { once: newOnce() })
    await chat.post(member, saying('three'), { post, once: newOnce() })
    expect(methods()).toEqual(['conversations.open', 'chat.postMessage', 'chat.postMessage', 'chat.update'])
  })

  it('looks for what an earlier try posted only when there was one', async () => {
    const { chat, member, methods } = await openApi(), once = newOnce()
    const post = await chat.post(member, saying('one'), { once })
    expect(methods()).not.toContain('conversations.history')
    expect(await chat.post(member, saying('one'), { once, again: true })).toEqual(post)
    expect(methods().slice(-1)).toEqual(['conversations.history'])
  })

  it('posts rather twice than not at all when it may not read the history', async () => {
    const { api, chat, member } = await openApi({ scopes: ['chat:write', 'im:write', 'users:read'] }), once = newOnce()
    await chat.post(member, saying('one'), { once })
    await chat.post(member, saying('one'), { once, again: true })
    expect(await api.room(member.user)).toHaveLength(2)
  })

  it('names the scope that the token lacks', async () => {
    const { chat, member } = await openApi({ scopes: ['chat:write', 'users:read'] })
    expect((await thrownBy(chat.post(member, saying('one'), { once: newOnce() }))).message).toBe('Slack (T000000001) conversations.open: missing_scope, needs im:write.')
  })

  it('tries a call once: trying again is not its own business', async () => {
    const { api, chat, member, methods } = await openApi()
    api.down = true
    await thrownBy(chat.person(member))
    api.down = false
    api.limitedS = 1
    await thrownBy(chat.person(member))
    expect(methods()).toEqual(['users.info', 'users.info'])
  })

  it('says what was wrong with a token, and not the token', async () => {
    const { api } = await openApi(), chat = chatOf({ ...api, botToken: 'xoxb-wrong-token' })
    const error = await thrownBy(chat.person(at(api, api.members[0]!)))
    expect(error.message).toBe('Slack (T000000001) users.info: invalid_auth.')
    const broken = await thrownBy(chatOf({ ...api, botToken: 'xoxb-broken\ntoken' }).person(at(api, api.members[0]!)))
    expect(`${broken.message} ${broken.stack}`).not.toContain('xoxb')
  })

  it('asks before a button that loses something acts, and marks it', async () => {
    const { api, chat, member } = await openApi()
    await chat.post(member, { lines: ['one'], buttons: [
      button('return', 'c', { label: 'Return', style: 'danger', confirm: `Return ${'x'.repeat(400)}?` }), button('extend', 'c2', { label: 'E'.repeat(100) }),
    ] }, { once: newOnce() })
    const [asks, plain] = (await api.room(member.user))[0]!.blocks![1]!.elements!
    expect(asks).toMatchObject({ action_id: 'return', style: 'danger', confirm: { title: { text: 'Return' }, confirm: { text: 'Return' } } })
    expect(asks!.confirm!.text.text).toMatch(/^Return x{290,}…$/)
    expect(plain).not.toHaveProperty('confirm')
    expect(plain!.text.text).toHaveLength(75)
  })

  it('is told apart: the members of two workspaces, by their own tokens', async () => {
    const one = await openApi(), other = await openApi()
    const chat = createSlackChat({ tenants: [{ team: 'T0ONE', botToken: one.api.botToken, api: one.api.url }, { team: 'T0OTHER', botToken: other.api.botToken, api: other.api.url }] })
    await chat.post({ ...other.member, tenant: 'T0OTHER' }, saying('hello'), { once: newOnce() })
    expect(one.api.requests).toEqual([])
    expect(await other.api.room(other.member.user)).toHaveLength(1)
  })

  it('knows guests of one room, Slackbot, who was never there, and members of an organisation by their workspaces', async () => {
    const { api, chat } = await openApi({ members: 8 }), [ultra = '', grid = '', other = '', inOther = '', workflow = '', named = ''] = api.members
    api.more.set(ultra, { is_ultra_restricted: true })
    api.more.set(grid, { team_id: 'E0ORG', enterprise_user: { teams: ['T0X', api.team] } })
    api.more.set(other, { team_id: 'E0ORG', enterprise_user: { teams: ['T0X'] } })
    api.more.set(inOther, { team_id: 'T0ELSEWHERE' })
    api.more.set(workflow, { is_workflow_bot: true })
    api.more.set(named, { profile: { display_name: 'mika' }, tz: '' })
    const is = async (user: string) => (await chat.person(at(api, user))).is
    expect([await is(ultra), await is(grid), await is(other), await is(inOther), await is(workflow), await is('U0NOBODY')]).toEqual(['guest', 'member', 'stranger', 'stranger', 'bot', 'gone'])
    expect(await chat.person(at(api, named))).toEqual({ is: 'member', name: 'mika' })
  })

  /** A stand-in: `emulate` has no such answers. */
  it.each([
    ['cant_update_message', 'anew'], ['edit_window_closed', 'anew'], ['channel_not_found', 'anew'], ['is_archived', 'thrown'], ['internal_error', 'thrown'],
  ] as const)('an edit that ends with %s is %s', async (error, is) => {
    const api = await startSteered({
      answer: ({ path }) => json(200, path.endsWith('chat.update') ? { ok: false, error } : path.endsWith('open') ? { ok: true, channel: { id: 'D1' } } : { ok: true, ts: '2.0' }),
      limited: () => json(429, {}),
    })
    onTestFinished(() => api.close())
    const chat = chatOf({ team: 'T1', url: `${api.url}/api/`, botToken: 'xoxb-test' })
    const call = chat.post(at({ team: 'T1' }, 'U1'), saying('one'), { post: { channel: 'D1', id: '1.0' }, once: newOnce() })
    if (is === 'anew') expect(await call).toEqual({ channel: 'D1', id: '2.0' })
    else expect((await thrownBy(call)).message).toContain(error)
  })

  /** A stand-in: `emulate` has no such answers. */
  it.each([
    ['200 ratelimited', json(200, { ok: false, error: 'ratelimited' }, { 'retry-after': '9' }), 9000],
    ['200 rate_limited without a time', json(200, { ok: false, error: 'rate_limited' }), 1000],
    ['503 of a proxy', { status: 503, body: '<html>xoxb-test</html>' }, 'Slack (T1) users.info: HTTP 503.'],
    ['200 of a login page', { status: 200, body: '<html>xoxb-test</html>' }, 'Slack (T1) users.info: an answer that is not Slack’s.'],
    ['429 without a time', { status: 429, body: '' }, /^Slack \(T1\) users\.info: no answer \(\w+\)\.$/],
  ] as const)('an answer of %s is told as it is', async (_, answer, told) => {
    const api = await startSteered({ answer: () => answer, limited: () => answer })
    onTestFinished(() => api.close())
    const error = await thrownBy(chatOf({ team: 'T1', url: `${api.url}/api/`, botToken: 'xoxb-test' }).person(at({ team: 'T1' }, 'U1')))
    if (typeof told === 'number') expect((error as ChatLimited).afterMs).toBe(told)
    else expect(error.message).toMatch(told)
    expect(error.message).not.toContain('xoxb')
    expect(api.requests).toHaveLength(1)
  })

  it('takes its token nowhere else, whatever an answer says', async () => {
    const elsewhere = await startSteered({ answer: () => json(200, { ok: true }), limited: () => json(429, {}) })
    const api = await startSteered({ answer: () => ({ status: 307, headers: { location: elsewhere.url }, body: '' }), limited: () => json(429, {}) })
    onTestFinished(async () => void await Promise.all([api.close(), elsewhere.close()]))
    const error = await thrownBy(chatOf({ team: 'T1', url: `${api.url}/api/`, botToken: 'xoxb-test' }).person(at({ team: 'T1' }, 'U1')))
    expect(error.message).toMatch(/^Slack \(T1\) users\.info: no answer \(\w+\)\.$/)
    expect(elsewhere.requests).toEqual([])
  })

  it('writes a moment so that each client shows it in its reader’s own zone', async () => {
    expect(chatOf({ team: 'T1', url: 'http://127.0.0.1:1/', botToken: 'x' }).when(Date.UTC(2026, 10, 29, 13, 5), 'Asia/Tokyo'))
      .toBe('<!date^1795957500^{date_short_pretty} {time}|2026-11-29 13:05 UTC>')
  })
})
