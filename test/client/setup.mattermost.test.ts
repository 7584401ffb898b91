import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type MattermostArgs, setUpMattermost } from '../../client/terminal/setup/mattermost.ts'
import { berthChild } from './child.ts'
import { folderOfEach, sectionOf, seen } from './setup.folder.ts'
import { nobody, type Said, serve, serveGateway } from './setup.peers.ts'
import { adminToken, botId, serveMattermost, teamId, type Wrong } from './setup.mattermostPeer.ts'

const here = folderOfEach(), { file, read } = here

const botFile = 'mattermost-campus-bot-token', commandFile = 'mattermost-campus-staff-command-token'

type Mattermost = Awaited<ReturnType<typeof serveMattermost>>

/** Runs it; whatever becomes of it, no secret is said, and what it wrote is for its owner alone. */
async function run(chat: Pick<Mattermost, 'url'> & Partial<Mattermost>, args: Partial<MattermostArgs> & Pick<MattermostArgs, 'url'>) {
  const outcome = await setUpMattermost({ server: chat.url, name: 'campus', team: 'staff', 'token-file': file('admin', `${adminToken}\n`), yes: false, ...args }, here.folder)
  const secrets = [...chat.tokens?.keys() ?? [adminToken], ...(chat.commands ?? []).map(({ token }) => token as string)].filter((secret) => secret !== '')
  for (const secret of secrets) expect(outcome.text + JSON.stringify(outcome.answer)).not.toContain(secret)
  for (const name of readdirSync(here.folder).filter((one) => one.startsWith('mattermost-'))) expect(statSync(join(here.folder, name)).mode & 0o777, name).toBe(0o600)
  return seen(outcome)
}

/** A gateway that knows the command of this server. */
const gatewayOf = (token: string, port = 0) => serveGateway({ port, chat: { mattermost: [{ name: 'campus', url: 'http://127.0.0.1:1', botToken: 'b', commandTokens: { [teamId]: token } }] } })

describe('set up from nothing', () => {
  test('makes bot, token, command and files; told to the gateway, the second run changes nothing and the round trip works', async () => {
    const chat = await serveMattermost(), before = await gatewayOf('another token'), { url, port } = before
    const first = await run(chat, { url })
    expect(first.answer['changed']).toEqual(['bot', 'bot token', 'slash command', 'command token'])
    expect(first.text).toContain('Changed: bot, bot token, slash command, command token.')
    expect(first.bad).toEqual(['round trip'])
    expect(first.of('round trip')?.says).toMatch(/“This slash command is not registered at this Berth.*run this again/)
    expect(chat.writes()).toEqual(['POST /bots', `POST /users/${botId}/tokens`, 'POST /commands'])
    expect(chat.tokens.get(read(botFile))).toBe(botId)
    expect(chat.commands).toEqual([expect.objectContaining({
      team_id: teamId, method: 'P', trigger: 'berth', url: `${url}/chat/mattermost/campus/command`, token: read(commandFile),
      auto_complete: true, auto_complete_hint: expect.stringContaining('lend IMAGE') as string, auto_complete_desc: expect.any(String) as string,
    })])
    expect(sectionOf(first.answer)).toMatchObject({
      url, mattermost: [{ name: 'campus', url: chat.url, botTokenFile: botFile, commandTokenFiles: { [teamId]: commandFile } }],
    })

    await before.close()
    await gatewayOf(read(commandFile), port)
    const kept = [read(botFile), read(commandFile), ...readdirSync(here.folder)]
    const second = await run(chat, { url })
    expect(second.findings.map(({ what, is }) => [what, is])).toEqual([
      ['server', 'good'], ['clock', 'good'], ['token', 'good'], ['settings', 'good'], ['team', 'good'], ['bot', 'good'], ['bot token', 'good'],
      ['slash command', 'good'], ['command token', 'good'], ['gateway', 'good'], ['gateway clock', 'good'], ['reach', 'good'], ['round trip', 'good'],
    ])
    expect(second.answer).toMatchObject({ ok: true, changed: [], config: first.answer['config'] })
    expect(second.text.trimEnd().endsWith('Nothing was changed.')).toBe(true)
    expect(chat.writes()).toHaveLength(3)
    expect([read(botFile), read(commandFile), ...readdirSync(here.folder)]).toEqual(kept)
  })

  test('without a token it says how to make one, and asks nobody', async () => {
    const chat = await serveMattermost()
    const { text, answer } = await setUpMattermost({ server: chat.url, url: 'https://berth.example.org', name: 'campus', team: 'staff', yes: false }, here.folder)
    expect(text).toMatch(/^1\. As a system admin at http/)
    expect(text).toContain('--name campus --team staff --token-file mattermost-admin-token')
    expect(answer['steps']).toHaveLength(7)
    expect(chat.calls).toEqual([])
  })
})

const command = (url: string, more: object = {}) => ({
  id: 'commandid', token: 'commandtokencommandtokenco', team_id: teamId, method: 'P', trigger: 'berth', url: `${url}/chat/mattermost/campus/command`, auto_complete: true,
  auto_complete_desc: 'Borrow a container, for a time', auto_complete_hint: 'lend IMAGE --for 2h | list | help', display_name: 'Berth', description: 'Lends containers, for a time.',
  icon_url: 'https://example.org/icon.png', ...more,
})
const bot = { id: botId, username: 'berth', is_bot: true, delete_at: 0 }

describe('what is there already', () => {
  test('a command that differs is brought up to date, and keeps its token and what is the admin’s', async () => {
    const { url } = await gatewayOf('commandtokencommandtokenco')
    const chat = await serveMattermost({ users: [bot], commands: [command(url, { method: 'G', url: `${url}/old`, auto_complete_hint: '' })] })
    const { of, bad } = await run(chat, { url })
    expect(bad).toEqual([])
    expect(of('slash command')).toMatchObject({ is: 'made', says: expect.stringContaining('changed: method, url, auto_complete_hint') as string })
    expect(chat.commands).toEqual([command(url)])
    expect(read(commandFile)).toBe('commandtokencommandtokenco')
    expect((await run(chat, { url })).answer).toMatchObject({ ok: true, changed: [] })
  })

  test('a command that calls another host is not taken from it, unless --yes', async () => {
    const { url } = await gatewayOf('commandtokencommandtokenco'), other = command('https://other.example.org')
    const chat = await serveMattermost({ users: [bot], commands: [other] })
    const careful = await run(chat, { url })
    expect(careful.of('slash command')).toMatchObject({ is: 'bad', says: expect.stringMatching(/another host, other\.example\.org; write --yes/) as string })
    expect(chat.commands).toEqual([other])
    expect(careful.of('round trip')).toBeUndefined()
    expect((await run(chat, { url, yes: true })).bad).toEqual([])
    expect(chat.commands).toEqual([command(url)])
  })

  test('a bot that was switched off is switched on', async () => {
    const { url } = await gatewayOf('commandtokencommandtokenco'), chat = await serveMattermost({ users: [{ ...bot, delete_at: 5 }], commands: [command(url)] })
    expect((await run(chat, { url })).of('bot')).toMatchObject({ is: 'made', says: expect.stringContaining('on again') as string })
    expect(chat.writes()[0]).toBe(`POST /bots/${botId}/enable`)
  })

  test('where only members of one team write to each other, the bot becomes one, once', async () => {
    const { url } = await gatewayOf('commandtokencommandtokenco'), chat = await serveMattermost({ users: [bot], commands: [command(url)], switches: { RestrictDirectMessage: 'team' } })
    const first = await run(chat, { url })
    expect(first.of('membership')).toMatchObject({ is: 'made', says: expect.stringContaining('RestrictDirectMessage') as string })
    expect(chat.writes()).toEqual([`POST /teams/${teamId}/members`, `POST /users/${botId}/tokens`])
    expect((await run(chat, { url })).answer).toMatchObject({ ok: true, changed: [] })
    expect(chat.writes()).toHaveLength(2)
  })

  test('a member who is called berth is told, and the rest goes on', async () => {
    const { url } = await gatewayOf('commandtokencommandtokenco'), chat = await serveMattermost({ users: [{ id: 'x', username: 'berth', delete_at: 0 }], commands: [command(url)] })
    const { of, bad, answer } = await run(chat, { url })
    expect(bad).toEqual(['bot'])
    expect(of('bot')?.says).toContain('is a member’s here')
    expect(of('round trip')?.is).toBe('good')
    expect(readdirSync(here.folder)).not.toContain(botFile)
    expect(answer).not.toHaveProperty('config')
  })

  test.each([[botFile, 'bot token'], [commandFile, 'command token']])('a file %s that holds something else is overwritten by --yes alone', async (name, what) => {
    const { url } = await gatewayOf('commandtokencommandtokenco'), chat = await serveMattermost({ users: [bot], commands: [command(url)] })
    file(name, 'something-else')
    const careful = await run(chat, { url })
    expect(careful.bad).toEqual([what])
    expect(careful.of(what)?.says).toMatch(/write --yes/)
    expect(read(name)).toBe('something-else')
    expect((await run(chat, { url, yes: true })).bad).toEqual([])
    expect(read(name)).not.toBe('something-else')
    expect(readdirSync(here.folder).sort()).toEqual(['admin', botFile, commandFile])
  })

  test('a file that others may read is told, and what was done is told too', async () => {
    const { url } = await gatewayOf('commandtokencommandtokenco'), chat = await serveMattermost({ commands: [command(url)] })
    const kept = file(commandFile, 'commandtokencommandtokenco', 0o644)
    const outcome = await setUpMattermost({ server: chat.url, url, name: 'campus', team: 'staff', 'token-file': file('admin', adminToken), yes: false }, here.folder)
    expect(outcome.findings).toContainEqual({ what: 'files', is: 'bad', says: `${kept} may be read by others; run: chmod 600 ${kept}` })
    expect(outcome.answer['changed']).toEqual(['bot', 'bot token'])
  })

  test('no token is made that could not be kept', async () => {
    const { url } = await gatewayOf('commandtokencommandtokenco'), chat = await serveMattermost({ users: [bot], commands: [command(url)] })
    const outcome = await setUpMattermost({ server: chat.url, url, name: 'campus', team: 'staff', 'token-file': file('admin', adminToken), yes: false }, join(here.folder, 'no-such-folder'))
    expect(outcome.findings.filter(({ is }) => is === 'bad').map(({ what, says }) => [what, says.includes('cannot be written (ENOENT)')])).toEqual([['files', true], ['files', true]])
    expect(chat.writes()).toEqual([])
  })

  test('a token that could not be made leaves no file', async () => {
    const { url } = await gatewayOf('commandtokencommandtokenco'), chat = await serveMattermost({ users: [bot], commands: [command(url)], lacks: ['create_user_access_token'] })
    expect((await run(chat, { url })).bad).toEqual(['bot token'])
    expect(readdirSync(here.folder).sort()).toEqual(['admin', commandFile])
  })
})

const at = (path: string, said: Said): Wrong => ({ instead: (call) => call.path.startsWith(`/api/v4${path}`) ? said : undefined })
const error = (status: number, id: string): Said => ({ status, json: { id, message: `no ${adminToken}`, status_code: status } })

describe('what is wrong with the server is named', () => {
  test.each<[string, Wrong, string, RegExp]>([
    ['no right to make a bot', { lacks: ['create_bot'] }, 'bot', /\(403\): it needs the permission create_bot/],
    ['no right to make a token', { lacks: ['create_user_access_token'] }, 'bot token', /permission create_user_access_token/],
    ['no right to let the bot join', { lacks: ['add_user_to_team'], switches: { RestrictDirectMessage: 'team' } }, 'membership', /permission add_user_to_team/],
    ['no right to make a command', { lacks: ['manage_own_slash_commands'] }, 'slash command', /permission manage_slash_commands/],
    ['no right to see the team', { lacks: ['view_team'] }, 'team', /permission view_team/],
    ['no right to post', { lacks: ['create_post'] }, 'round trip', /permission create_post/],
    ['no right to see the channel', { lacks: ['read_channel'] }, 'round trip', /permission read_channel/],
    ['slash commands are off', { switches: { EnableCommands: 'false' } }, 'slash command', /\(EnableCommands\): System Console/],
    ['bots cannot be made', { switches: { EnableBotAccountCreation: 'false' } }, 'bot', /\(EnableBotAccountCreation\): System Console/],
    ['tokens are off', at(`/users/${botId}/tokens`, error(501, 'app.user_access_token.disabled')), 'bot token', /\(EnableUserAccessTokens\): System Console/],
    ['somebody else’s command that is not seen', { lacks: ['manage_others_slash_commands'], commands: [command('https://other.example.org')] }, 'slash command', /Another command of this team is called \/berth/],
    ['a command whose token is not shown', { commands: [command('https://berth.example.org', { token: '' })] }, 'slash command', /does not show its token/],
    ['an error that is not known', at('/bots', error(500, 'store.sql_bot.save.app_error')), 'bot', /answers 500 \(store\.sql_bot\.save\.app_error\)/],
    ['an error without a word', at('/bots', error(500, `<${adminToken}>`)), 'bot', /answers 500 \(no reason\)/],
    ['a clock that is off', { aheadS: 200 }, 'clock', /(199|200|201) s behind Mattermost’s/],
    ['a clock that is far from the gateway’s', { aheadS: -200 }, 'gateway clock', /The gateway’s clock is (199|200|201) s ahead of Mattermost’s.*300 s/],
    ['something else at its address', at('/config/client', { text: '<html>' }), 'server', /is not Mattermost; look at --server/],
  ])('%s', async (_, wrong, what, says) => {
    const { url } = await gatewayOf('another'), chat = await serveMattermost(wrong)
    const { of, answer } = await run(chat, { url })
    expect(of(what)).toMatchObject({ is: 'bad', says: expect.stringMatching(says) as string })
    expect(answer['ok']).toBe(false)
  })

  test('a token that is not taken ends it, with both reasons and nothing written', async () => {
    const { url } = await gatewayOf('another'), chat = await serveMattermost()
    const { of, findings } = await run(chat, { url, 'token-file': file('admin2', 'not-the-token-of-anybody') })
    expect(of('token')).toMatchObject({ is: 'bad', says: expect.stringMatching(/\(401\).*wrong, revoked.*EnableUserAccessTokens/) as string })
    expect(findings.at(-1)?.what).toBe('token')
    expect(chat.writes()).toEqual([])
  })

  test('a team that is not there', async () => {
    const { url } = await gatewayOf('another'), chat = await serveMattermost()
    expect((await run(chat, { url, team: 'nobodys' })).of('team')).toMatchObject({ is: 'bad', says: expect.stringContaining('no team nobodys') as string })
  })

  test.each<[string, Wrong]>([['busy', at('/users/me', { status: 429 })], ['away', at('/users/me', { status: 503, text: '<html>' })]])('a server that is %s is for later', async (_, wrong) => {
    const { url } = await gatewayOf('another'), chat = await serveMattermost(wrong)
    expect((await run(chat, { url })).of('token')).toMatchObject({ is: 'away' })
  })

  test('a server that is not there', async () => {
    const { url } = await gatewayOf('another')
    expect((await run({ url: await nobody() }, { url })).findings).toEqual([{ what: 'server', is: 'away', says: expect.stringContaining('ECONNREFUSED') as string }])
  })

  test('settings that are off are told, though a bot that is there needs none to make one', async () => {
    const { url } = await gatewayOf('commandtokencommandtokenco')
    const chat = await serveMattermost({ users: [bot], commands: [command(url)], switches: { EnableBotAccountCreation: 'false', EnableUserAccessTokens: 'false' } })
    const { of, bad } = await run(chat, { url })
    expect(of('settings')).toMatchObject({ is: 'note', says: expect.stringContaining('EnableBotAccountCreation, EnableUserAccessTokens') as string })
    expect(bad).toEqual([])
  })
})

describe('private addresses', () => {
  test.each<[string, 'good' | 'bad']>([['127.0.0.1', 'good'], ['other.example.org, 127.0.0.1', 'good'], ['127.0.0.0/8', 'good'], ['10.0.0.0/8\n127.0.0.0/16', 'good'], ['', 'bad'], ['127.0.0.2 10.0.0.0/8', 'bad'], ['nonsense/99', 'bad']])(
    'are called when the list is %j: %s', async (allowed, is) => {
      const { url } = await gatewayOf('another'), chat = await serveMattermost({ allowed })
      const { of } = await run(chat, { url })
      expect(of('reach')?.is).toBe(is)
      expect(of('reach')?.says).toContain('AllowedUntrustedInternalConnections')
      if (is === 'bad') expect(of('reach')?.says).toContain('add 127.0.0.1 to')
    })

  test('are told when the list may not be read', async () => {
    const { url } = await gatewayOf('another'), chat = await serveMattermost({ lacks: ['sysconsole_read_environment_developer'] })
    expect((await run(chat, { url })).of('reach')).toMatchObject({ is: 'note', says: expect.stringMatching(/must list it.*sysconsole_read_environment_developer/) as string })
  })

  test('that this machine does not know are no trouble', async () => {
    const chat = await serveMattermost(), { of } = await run(chat, { url: 'https://berth.invalid' })
    expect(of('reach')).toMatchObject({ is: 'note', says: expect.stringContaining('no address of berth.invalid') as string })
    expect(of('gateway')).toMatchObject({ is: 'note' })
  })
})

describe('the round trip', () => {
  test.each<[string, () => Promise<{ readonly url: string }>, RegExp]>([
    ['a gateway without chat', () => serveGateway(), /serves no Mattermost \(404\)/],
    ['a gateway that knows no such server', () => serveGateway({ chat: {} }), /“This Berth does not know this Mattermost server/],
    ['something that breaks', () => serve(({ path }) => path === '/healthz' ? { json: { ok: true } } : { status: 502, text: 'bad' }), /got 502 instead of 200/],
    ['something that says nothing', () => serve(({ path }) => path === '/healthz' ? { json: { ok: true } } : { json: {} }), /the answer was empty/],
    ['something that repeats what it was sent', () => serve(({ path, body, headers }) => path === '/healthz' ? { json: { ok: true } } : { json: { text: `${headers.authorization} ${body}` } }), /“Token … channel_id/],
    ['something that is not there', async () => ({ url: await nobody() }), /could not call .*Its log says why/],
  ])('to %s is named', async (_, make, says) => {
    const { url } = await make(), chat = await serveMattermost()
    expect((await run(chat, { url })).of('round trip')).toMatchObject({ is: 'bad', says: expect.stringMatching(says) as string })
  })
})

describe('what is misuse', () => {
  test.each<[string, Partial<MattermostArgs>, RegExp]>([
    ['a gateway over http', { url: 'http://berth.example.org' }, /do not travel over http; use https:\/\/berth\.example\.org/],
    ['a server over http', { server: 'http://chat.example.org' }, /do not travel over http; use https:\/\/chat\.example\.org/],
    ['no server', { server: 'chat' }, /^--server is a URL like https:\/\/chat\.example\.org/],
    ['a server with a query', { server: 'https://chat.example.org/?a=b' }, /^--server is a URL/],
    ['a file that is not there', { 'token-file': '/nonexistent/token' }, /There is no file/],
  ])('%s', async (_, args, says) => {
    const chat = await serveMattermost()
    await expect(setUpMattermost({ server: chat.url, url: 'https://berth.example.org', name: 'campus', team: 'staff', 'token-file': file('admin', adminToken), yes: false, ...args }, here.folder)).rejects.toThrow(says)
    expect(chat.calls).toEqual([])
  })

  test('a server below a path is a server', async () => {
    const chat = await serveMattermost({ instead: ({ path }) => path.startsWith('/mattermost/api/v4/config/client') ? { json: { Version: '11.0.0' } } : undefined })
    expect((await run(chat, { server: `${chat.url}/mattermost/`, url: 'https://berth.example.org' })).of('server')).toMatchObject({ is: 'good', says: `Mattermost 11.0.0 answers at ${chat.url}/mattermost.` })
  })
})

describe('in a terminal', () => {
  test('it writes into the folder where it runs, and its exit code says how it stands', async () => {
    const { url } = await gatewayOf('commandtokencommandtokenco'), chat = await serveMattermost({ commands: [command(url)] })
    const words = ['gateway', 'setup', 'mattermost', '--server', chat.url, '--url', url, '--name', 'campus', '--team', 'staff', '--token-file', file('admin', adminToken)]
    const first = await berthChild(words, { home: here.folder, gateway: '', cwd: here.folder })
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(first.out).toContain(`+ bot token: A new one, in ${botFile} (mode 600).`)
    expect(chat.tokens.get(read(botFile))).toBe(botId)
    const second = await berthChild([...words, '--json'], { home: here.folder, gateway: '', cwd: here.folder })
    expect(second.code).toBe(0)
    expect(JSON.parse(second.out)).toMatchObject({ ok: true, changed: [] })
    expect((await berthChild([...words.slice(0, -1), file('wrong', 'not-the-token-of-anybody')], { home: here.folder, gateway: '', cwd: here.folder })).code).toBe(3)
    for (const [name, says] of [['Campus', 'NAME has lower-case letters'], ['a'.repeat(33), 'at most 32'], ['../x', 'NAME has lower-case letters']] as const) {
      expect(await berthChild(words.map((word) => word === 'campus' ? name : word), { home: here.folder, gateway: '', cwd: here.folder })).toMatchObject({ code: 2, err: expect.stringContaining(says) as string })
    }
  })
})
