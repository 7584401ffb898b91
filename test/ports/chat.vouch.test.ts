/** Whose a chat account is by its platform's own word: each row that must prove nothing, through the step and both ports. */
import type { LogLevel, Logger } from '@temporalio/common'
import { MockActivityEnvironment } from '@temporalio/testing'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createMattermostChat } from '../../activities/mattermost/chat.ts'
import { memoryDirectory, type MemoryPerson } from '../../activities/memory/directory.ts'
import { createSlackChat } from '../../activities/slack/chat.ts'
import { createChatSteps } from '../../activities/steps/chat.ts'
import type { Chat, Directory } from '../../workflows/ports.ts'
import type { ChatLook, ChatUser } from '../../workflows/link/terms.ts'
import { type MattermostServer, type ServerUser, startMattermostServer } from '../chat/mattermostServer.ts'
import { type SlackApi, startSlackApi } from '../chat/slackApi.ts'

/** In the directory they are mika's, so that nothing but the address itself can be what is refused. */
const looksAlike = [
  ['another domain', 'mika@example.net'],
  ['a domain that ends alike', 'mika@evil-example.org'],
  ['a domain that begins alike', 'mika@example.org.evil.test'],
  ['a domain below it', 'mika@mail.example.org'],
  ['a domain above it', 'mika@org'],
  ['a domain with a dot at its end', 'mika@example.org.'],
  ['two domains', 'mika@evil.test@example.org'],
  ['two domains the other way round', 'mika@example.org@evil.test'],
  ['a domain in letters that look alike', 'mika@exаmple.org'],
  ['a name in letters that look alike', 'mikа@example.org'],
  ['a name alone', 'mika'],
  ['a domain alone', '@example.org'],
  ['an address that hides another', 'x<mika@example.org>'],
] as const

const people: readonly MemoryPerson[] = [
  { uid: 'mika', groups: ['all'], uuid: 'uuid-mika', mail: ['mika@example.org', 'm.lind@example.org', ...looksAlike.map(([, mail]) => mail)] },
  { uid: 'dean', groups: ['deans'], uuid: 'uuid-dean', mail: ['dean@example.org'] },
  { uid: 'shut', groups: ['all'], uuid: 'uuid-shut', mail: ['shut@example.org'], disabled: true },
  { uid: 'one', groups: ['all'], uuid: 'uuid-one', mail: ['office@example.org'] },
  { uid: 'two', groups: ['all'], uuid: 'uuid-two', mail: ['two@example.org', 'Office@Example.org'] },
]
const fresh = () => memoryDirectory({ people, canary: { uid: 'canary', group: 'canaries' }, deadlineMs: 60_000 })

/** What the step answers, and what it logs. */
async function look(chat: Chat, user: ChatUser, directory: Pick<Directory, 'find' | 'findByMail'> = fresh()): Promise<{ readonly seen: ChatLook; readonly logged: string }> {
  const lines: unknown[] = [], add = (...line: unknown[]) => void lines.push(line), none = () => {}
  const logger: Logger = { log: (level: LogLevel, ...line) => add(level, ...line), trace: none, debug: none, info: add, warn: add, error: add }
  const steps = createChatSteps({ chats: { [user.platform]: chat }, directory, seal: String, startingOf: async () => undefined })
  const seen = await new MockActivityEnvironment({}, { logger }).run(steps.lookAtChatUser, user) as ChatLook
  return { seen, logged: JSON.stringify(lines) }
}

describe('Mattermost, mode mattermost-ldap', () => {
  const mika = { username: 'mika', auth_service: 'ldap', auth_data: 'uuid-mika', email: 'mika@example.org' }

  async function open() {
    const server = await startMattermostServer()
    onTestFinished(() => server.close())
    server.admin = true
    const chatOf = (mode?: 'mattermost-ldap') => createMattermostChat({ servers: [{
      name: 'campus', url: server.url, botToken: server.botToken, actionUrl: 'https://berth.example.org/x', ...(mode && { mode }),
    }] })
    const add = ({ username = 'mika', ...more }: Partial<ServerUser>): ChatUser => ({ platform: 'mattermost', tenant: 'campus', user: server.addUser(username, more).id })
    return { server, chatOf, chat: chatOf('mattermost-ldap'), add }
  }
  const asked = (server: MattermostServer) => server.requests.map(({ path, query }) => `${path.replace('/api/v4', '').replace(/[a-z0-9]{26}/, '…')}${query.has('value') ? `?value=${query.get('value')}` : ''}`)

  test('an account that signs in by the directory is its entry’s, when the entry’s id is this account’s', async () => {
    const { server, chat, add } = await open()
    const { seen } = await look(chat, add(mika))
    expect(seen).toEqual({ is: 'member', name: 'mika', vouched: { is: 'proven', uid: 'mika', uuid: 'uuid-mika' } })
    expect(asked(server)).toContain('/users/auth_data?value=uuid-mika')
  })

  test.each<[string, Partial<ServerUser>]>([
    ['signs in by a password of Mattermost’s own', { ...mika, auth_service: '' }],
    ['signs in by another service with the same id', { ...mika, auth_service: 'saml' }],
    ['signs in by what is only spelled alike', { ...mika, auth_service: 'LDAP' }],
    ['has an id that is no entry’s', { ...mika, auth_data: 'uuid-of-the-mika-before' }],
    ['has no id', { ...mika, auth_data: '' }],
    ['has a name that is no entry’s', { ...mika, username: 'mika2' }],
    ['has a name that is a pattern', { ...mika, username: 'm*' }],
    ['is of an entry that is disabled', { username: 'shut', auth_service: 'ldap', auth_data: 'uuid-shut' }],
    ['was renamed to a dean’s name', { ...mika, username: 'dean' }],
    ['renamed itself to a dean’s name', { username: 'dean', auth_service: '', email: 'dean@example.org' }],
    ['is a guest’s', { ...mika, roles: 'system_guest' }],
    ['is a bot’s', { ...mika, is_bot: true }],
    ['is of another server', { ...mika, remote_id: 'abc' }],
    ['is switched off', { ...mika, delete_at: 1 }],
  ])('nothing is proven for one that %s', async (_, user) => {
    const { chat, add } = await open()
    expect((await look(chat, add(user))).seen.vouched).toEqual({ is: 'unproven' })
  })

  test('nothing is proven when another account is behind the entry’s id', async () => {
    const { server, chat, add } = await open(), other = add(mika), user = add({ ...mika, auth_data: 'uuid-other' })
    expect((await look(chat, user)).seen.vouched).toEqual({ is: 'unproven' })
    expect((await look(chat, other)).seen.vouched).toMatchObject({ is: 'proven' })
    expect(server.users.size).toBe(3)
  })

  test('an e-mail address that was changed to a dean’s proves nothing, and takes nothing away', async () => {
    const { chat, add } = await open()
    expect((await look(chat, add({ username: 'mallory', auth_service: '', email: 'dean@example.org' }))).seen.vouched).toEqual({ is: 'unproven' })
    expect((await look(chat, add({ username: 'mallory', auth_service: 'ldap', auth_data: 'uuid-x', email: 'dean@example.org' }))).seen.vouched).toEqual({ is: 'unproven' })
    expect((await look(chat, add({ ...mika, email: 'dean@example.org' }))).seen.vouched).toEqual({ is: 'proven', uid: 'mika', uuid: 'uuid-mika' })
  })

  test('nothing is proven with a token that is no system admin’s, and the log says what to look at', async () => {
    const { server, chat, add } = await open(), user = add(mika)
    server.admin = false
    const { seen, logged } = await look(chat, user)
    expect(seen).toEqual({ is: 'member', name: 'mika', vouched: { is: 'unproven' } })
    expect(logged).toContain('system admin')
    expect(logged).not.toContain(server.botToken)
  })

  test('without the mode nobody asks, and nothing is said', async () => {
    const { server, chatOf, add } = await open()
    const { seen, logged } = await look(chatOf(), add(mika))
    expect(seen).toEqual({ is: 'member', name: 'mika' })
    expect(asked(server)).toEqual(['/users/…'])
    expect(logged).toBe('[]')
  })

  test.each(['down', 'hidden', 'wrong'] as const)('a directory that is %s proves nothing, and who it is in the chat is told all the same', async (trouble) => {
    const { chat, add } = await open(), directory = fresh()
    directory.trouble = trouble
    expect((await look(chat, add(mika), directory)).seen).toEqual({ is: 'member', name: 'mika', vouched: { is: 'unproven' } })
  })

  test('a directory that is slow is not waited for longer than the one who asks would', async () => {
    const { chat, add } = await open(), directory = fresh(), began = Date.now()
    directory.slowMs = 10_000
    const { seen, logged } = await look(chat, add(mika), directory)
    expect(seen).toEqual({ is: 'member', name: 'mika', vouched: { is: 'unproven' } })
    expect(Date.now() - began).toBeLessThan(3000)
    expect(logged).toContain('no answer within 2000 ms')
  })
})

describe('Slack, mode slack-sso-email', () => {
  const scopes = ['chat:write', 'im:write', 'users:read', 'users:read.email']
  /** An address, what users.info says besides, and why nothing is proven. */
  const rows: readonly (readonly [what: string, mail: string, more?: Readonly<Record<string, unknown>>])[] = [
    ['an address that is not confirmed', 'mika@example.org', { is_email_confirmed: false }],
    ['an address that may be confirmed or not', 'mika@example.org', { is_email_confirmed: undefined }],
    ...looksAlike,
    ['a pattern', '*@example.org'],
    ['a filter', 'x)(mail=mika@example.org'],
    ['an address of two entries', 'office@example.org'],
    ['an address of no entry, and of a name that is one', 'two@example.com'],
    ['an address whose beginning is a uid', 'one@example.org'],
    ['an entry that is disabled', 'shut@example.org'],
    ['a guest', 'mika@example.org', { is_restricted: true }],
    ['a guest of one room', 'mika@example.org', { is_ultra_restricted: true }],
    ['a stranger', 'mika@example.org', { is_stranger: true }],
    ['somebody who is gone', 'mika@example.org', { deleted: true }],
    ['a bot', 'mika@example.org', { is_bot: true }],
    ['another workspace', 'mika@example.org', { team_id: 'T0ELSEWHERE' }],
    ['another workspace of the same organisation', 'mika@example.org', { team_id: 'T0ELSEWHERE', enterprise_user: { teams: ['T000000001'] } }],
    ['somebody else than who was asked for', 'mika@example.org', { id: 'U0SOMEBODY' }],
  ]
  const good = ['mika@example.org', 'M.Lind@EXAMPLE.org']
  let api: SlackApi
  beforeAll(async () => {
    api = await startSlackApi({ members: rows.length + good.length, mails: [...rows.map(([, mail]) => mail), ...good], scopes })
    api.members.forEach((user, n) => api.more.set(user, { is_email_confirmed: true, ...rows[n]?.[2] }))
  })
  afterAll(() => api.close())

  const at = (n: number): ChatUser => ({ platform: 'slack', tenant: api.team, user: api.members[n]! })
  const chatOf = ({ team, botToken, url } = api, domains: readonly string[] = ['example.com', 'example.org']) =>
    createSlackChat({ tenants: [{ team, botToken, api: url, mode: 'slack-sso-email', domains }] })

  test.each(good.map((mail, n) => [mail, n] as const))('a confirmed address of one entry is that entry’s: %s', async (_, n) => {
    const { seen, logged } = await look(chatOf(), at(rows.length + n))
    expect(seen.vouched).toEqual({ is: 'proven', uid: 'mika', uuid: 'uuid-mika' })
    expect(logged).toBe('[]')
  })

  test.each(rows.map(([what, mail], n) => [what, mail, n] as const))('nothing is proven by %s (%s)', async (_, mail, n) => {
    const { seen, logged } = await look(chatOf(), at(n))
    expect(seen.vouched).toEqual({ is: 'unproven' })
    // The log names the account, and neither the address nor a token.
    expect(logged).toContain(at(n).user)
    expect(logged).not.toContain(mail)
    expect(logged).not.toContain(api.botToken)
  })

  test('nothing is proven without the scope users:read.email, nor by domains that are not listed', async () => {
    const without = await startSlackApi({ members: 1, mails: ['mika@example.org'] })
    onTestFinished(() => without.close())
    without.more.set(without.members[0]!, { is_email_confirmed: true })
    const { seen, logged } = await look(chatOf(without), { platform: 'slack', tenant: without.team, user: without.members[0]! })
    expect(seen.vouched).toEqual({ is: 'unproven' })
    expect(logged).toContain('users:read.email')
    expect((await look(chatOf(api, []), at(rows.length))).seen.vouched).toEqual({ is: 'unproven' })
    expect((await look(chatOf(api, ['example.com']), at(rows.length))).seen.vouched).toEqual({ is: 'unproven' })
  })

  test('without the mode nobody looks: domains alone say nothing', async () => {
    const chat = createSlackChat({ tenants: [{ team: api.team, botToken: api.botToken, api: api.url, domains: ['example.org'] }] })
    expect((await look(chat, at(rows.length))).seen).not.toHaveProperty('vouched')
  })

  test.each(['down', 'hidden', 'wrong'] as const)('a directory that is %s proves nothing', async (trouble) => {
    const directory = fresh()
    directory.trouble = trouble
    expect((await look(chatOf(), at(rows.length), directory)).seen).toMatchObject({ is: 'member', vouched: { is: 'unproven' } })
  })

  test('a directory that cannot be asked by address proves nothing', async () => {
    const { find } = fresh()
    expect((await look(chatOf(), at(rows.length), { find })).seen.vouched).toEqual({ is: 'unproven' })
  })
})
