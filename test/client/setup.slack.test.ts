import { join } from 'node:path'
import type { AppsManifestCreateArguments } from '@slack/web-api'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { setUpSlack, type SlackArgs } from '../../client/terminal/setup/slack.ts'
import { slackManifest } from '../../client/terminal/setup/slack/manifest.ts'
import { makeCertificates } from '../../worker/embedded/certificate.ts'
import { startSlackApi } from '../chat/slackApi.ts'
import { startSlackPeer } from '../chat/slackSocket.ts'
import { berthChild } from './child.ts'
import { folderOfEach, sectionOf, seen } from './setup.folder.ts'
import { nobody, type Said, serve, serveGateway } from './setup.peers.ts'

const team = 'T1DC2JH3J', botToken = 'xoxb-111-222-abcdefghijkl', appToken = 'xapp-1-A111-222-abcdefghijkl', secret = '8f742231b10e8888abcd99yyyzzz85a5'
const scopes = 'commands,chat:write,im:write,im:history,users:read'

const here = folderOfEach(), { file } = here
const files = () => ({ 'bot-token-file': file('bot', `${botToken}\n`), 'signing-secret-file': file('secret', secret) })
const socketFiles = () => ({ socket: true, 'bot-token-file': file('bot', botToken), 'app-token-file': file('app', appToken) })

/** Slack’s Web API: knows the bot’s token and the app’s. */
const slack = ({ bot = {}, socket = {}, headers = { 'x-oauth-scopes': scopes }, aheadS = 0 }: {
  readonly bot?: object; readonly socket?: object; readonly headers?: Record<string, string>; readonly aheadS?: number
} = {}) => serve(({ path, headers: { authorization } }): Said => {
  if (path === '/api/auth.test' && authorization === `Bearer ${botToken}`) {
    return { headers, json: { ok: true, url: 'https://campus.slack.com/', team: 'Campus', user: 'berth', team_id: team, user_id: 'U1BERTH', bot_id: 'B1BERTH', ...bot } }
  }
  if (path === '/api/apps.connections.open' && authorization === `Bearer ${appToken}`) return { json: { ok: true, url: 'wss://wss-primary.slack.com/link/?ticket=TICKET-OF-ONE-SOCKET', ...socket } }
  return { json: { ok: false, error: 'invalid_auth' } }
}, { aheadS })

const gateway = (more: { readonly signingSecret?: string; readonly team?: string } = {}) => serveGateway({ chat: { slack: [{ team, signingSecret: secret, botToken: 'xoxb-of-the-gateway', ...more }] } })

/** Runs it; whatever becomes of it, no secret is said. */
async function run(args: Partial<SlackArgs>) {
  const outcome = await setUpSlack({ url: 'https://berth.example.org', socket: false, ...args })
  for (const one of [botToken, appToken, secret, 'TICKET-OF-ONE-SOCKET']) expect(outcome.text + JSON.stringify(outcome.answer)).not.toContain(one)
  return seen(outcome)
}

describe('without files', () => {
  test('it says what to click, and the manifest is one that Slack’s own types take', async () => {
    const { answer, text, findings } = await run({})
    const manifest: AppsManifestCreateArguments['manifest'] = slackManifest({ url: 'https://berth.example.org', socket: false })
    expect(parse(answer['manifest'] as string)).toEqual(manifest)
    expect(manifest).toMatchObject({
      features: { bot_user: { display_name: 'berth' }, slash_commands: [{ command: '/berth', url: 'https://berth.example.org/chat/slack/command', should_escape: false }], app_home: { messages_tab_enabled: true } },
      oauth_config: { scopes: { bot: scopes.split(',') } },
      settings: { interactivity: { is_enabled: true, request_url: 'https://berth.example.org/chat/slack/interact' }, socket_mode_enabled: false, org_deploy_enabled: false, token_rotation_enabled: false },
    })
    expect(text).toContain(answer['manifest'] as string)
    expect(text).toMatch(/^1\. Open https:\/\/api\.slack\.com\/apps/)
    expect(answer['steps']).toHaveLength(7)
    expect(findings).toEqual([])
  })

  test('with a socket the manifest has no address, and the steps name the other token', async () => {
    const { answer, text } = await run({ socket: true, url: 'https://berth.example.org/' })
    expect(parse(answer['manifest'] as string)).toMatchObject({ settings: { socket_mode_enabled: true, interactivity: { is_enabled: true } } })
    expect(answer['manifest']).not.toContain('http')
    expect(text).toContain('--socket --bot-token-file slack-bot-token --app-token-file slack-app-token')
    expect(text).toContain('connections:write')
    expect(text).not.toContain('signing')
  })

  test.each([[false, 'signingSecretFile'], [true, 'appTokenFile']])('the section is one that the roles take (socket: %s)', async (socket, field) => {
    const { answer } = await run({ socket })
    expect(sectionOf(answer)).toMatchObject({ url: 'https://berth.example.org', slack: [{ team: 'T0000000000', botTokenFile: 'slack-bot-token', [field]: expect.any(String) as string }] })
  })
})

describe('over HTTP', () => {
  test('all is well with the real gateway, and nothing was started or told there', async () => {
    const api = await slack(), { url, calls } = await gateway()
    const { findings, answer } = await run({ url, api: `${api.url}/api`, ...files() })
    expect(findings.map(({ what, is }) => [what, is])).toEqual([
      ['bot token', 'good'], ['scopes', 'good'], ['clock', 'good'], ['gateway', 'good'], ['reach', 'note'], ['gateway clock', 'good'], ['round trip', 'good'],
    ])
    expect(answer['ok']).toBe(true)
    expect(parse(answer['config'] as string)).toEqual({ chat: { url, slack: [{ team, botTokenFile: 'bot', signingSecretFile: 'secret', api: `${api.url}/api` }] } })
    expect(calls).toEqual([])
    expect(api.calls.map(({ path }) => path)).toEqual(['/api/auth.test'])
  })

  test('it finds its way though this machine’s clock is half an hour off, and says that it is', async () => {
    const api = await slack({ aheadS: 1800 }), { url } = await serveGateway({
      chat: { slack: [{ team, signingSecret: secret, botToken: 'xoxb-1' }] }, options: { now: () => Date.now() + 1_800_000 },
    })
    const { of } = await run({ url, api: `${api.url}/api`, ...files() })
    expect(of('clock')).toMatchObject({ is: 'bad', says: expect.stringMatching(/1(799|800|801) s behind Slack’s.*NTP/) as string })
    expect(of('round trip')).toMatchObject({ is: 'good' })
  })

  test.each<[string, { signingSecret?: string; team?: string } | undefined, RegExp]>([
    ['no chat', undefined, /serves no Slack/],
    ['another secret', { signingSecret: 'another' }, /no tenant T1DC2JH3J with this signing secret/],
    ['another team', { team: 'T2OTHER' }, /not the help.*does not know this Slack workspace/],
  ])('a gateway with %s is named', async (_, more, says) => {
    const api = await slack(), { url } = await (more ? gateway(more) : serveGateway())
    const { of, bad } = await run({ url, api: `${api.url}/api`, ...files() })
    expect(bad).toEqual(['round trip'])
    expect(of('round trip')?.says).toMatch(says)
  })

  const answers = (command: (call: { readonly signed: boolean; readonly body: string }) => Said, aheadS = 0) => serve(({ path, headers, body }) =>
    path === '/healthz' ? { json: { ok: true } } : command({ signed: headers['x-slack-signature'] !== undefined, body }), { aheadS })
  test.each<[string, () => ReturnType<typeof serve>, string, RegExp]>([
    ['takes what nobody signed', () => answers(() => ({ json: { text: 'Berth lends containers' } })), 'round trip', /nobody signed \(200 instead of 401\)/],
    ['refuses the probe', () => answers(() => ({ status: 500 })), 'round trip', /ssl_check\) with 500/],
    ['has a clock that is off', () => answers(({ body }) => ({ status: body.includes('ssl_check') ? 200 : 401 }), -400), 'round trip', /because its clock is off/],
    ['breaks at the signed one', () => answers(({ signed, body }) => ({ status: body.includes('ssl_check') ? 200 : signed ? 500 : 401 })), 'round trip', /its answer \(500\) is not the help/],
    ['repeats what it was sent', () => answers(({ signed, body }) => body.includes('ssl_check') ? {} : signed ? { json: { text: `no: ${secret} ${botToken}` } } : { status: 401 }), 'round trip', /“no: … …”/],
    ['is something else', () => serve(() => ({ text: '<html>', headers: { 'content-type': 'text/html' } })), 'gateway', /is not a gateway of Berth/],
    ['sends elsewhere', () => serve(() => ({ status: 302, headers: { location: 'https://login.example.org/?next=1' } })), 'gateway', /sends to https:\/\/login\.example\.org; /],
  ])('a gateway that %s is named', async (_, make, what, says) => {
    const api = await slack(), { url } = await make()
    expect((await run({ url, api: `${api.url}/api`, ...files() })).of(what)).toMatchObject({ is: 'bad', says: expect.stringMatching(says) as string })
  })

  test('what a gateway answers is quoted without a part of a secret, also where the quotation ends', async () => {
    const api = await slack(), { url } = await answers(({ signed, body }) => body.includes('ssl_check') ? {} : signed ? { json: { text: `${'x'.repeat(190)}${secret}` } } : { status: 401 })
    expect((await run({ url, api: `${api.url}/api`, ...files() })).of('round trip')?.says).toMatch(/“x{190}…”\.$/)
  })

  test('a gateway that is not there is told apart from one that is wrong', async () => {
    const api = await slack(), url = await nobody()
    const { of } = await run({ url, api: `${api.url}/api`, ...files() })
    expect(of('gateway')).toMatchObject({ is: 'away', says: expect.stringContaining('ECONNREFUSED') as string })
    expect(of('round trip')).toMatchObject({ is: 'away' })
  })
})

describe('the bot’s token', () => {
  test.each<[string, Parameters<typeof slack>[0], string, RegExp]>([
    ['that Slack does not take', { bot: { ok: false, error: 'invalid_auth' } }, 'bot token', /\(invalid_auth\); copy it anew from Install App/],
    ['of an app that was removed', { bot: { ok: false, error: 'account_inactive' } }, 'bot token', /installing the app again/],
    ['that is a member’s', { bot: { bot_id: undefined, user: 'olga' } }, 'bot token', /olga’s and no bot’s/],
    ['of an organisation', { bot: { team_id: 'E123' } }, 'bot token', /not to an organisation/],
    ['with an error that is no word', { bot: { ok: false, error: `<${botToken}>` } }, 'bot token', /\(no reason\)/],
    ['without scopes', { headers: { 'x-oauth-scopes': 'commands, chat:write' } }, 'scopes', /^Missing: im:write, im:history, users:read\. Add them at OAuth & Permissions.*Reinstall/],
    ['seen by a clock that is 2 min off', { aheadS: -120 }, 'clock', /1(19|20|21) s ahead of Slack’s.*300 s/],
  ])('%s is named', async (_, wrong, what, says) => {
    const api = await slack(wrong), { url } = await gateway()
    const { of, answer } = await run({ url, api: `${api.url}/api`, ...files() })
    expect(of(what)).toMatchObject({ is: 'bad', says: expect.stringMatching(says) as string })
    expect(answer['ok']).toBe(false)
  })

  test.each([
    ['the app’s token', appToken, /app-level token/], ['a member’s', 'xoxp-1-2-3', /a member’s token/], ['one that rotates', 'xoxe.xoxb-1-2', /rotates/], ['no token', secret, /no token of Slack’s/],
  ])('%s in its place is named, and sent nowhere', async (_, other, says) => {
    const api = await slack(), { url } = await gateway()
    const { of } = await run({ url, api: `${api.url}/api`, 'bot-token-file': file('bot', other), 'signing-secret-file': file('secret', secret) })
    expect(of('bot token')).toMatchObject({ is: 'bad', says: expect.stringMatching(says) as string })
    expect(api.calls).toEqual([])
    expect(of('round trip')).toBeUndefined()
  })

  test('whose scopes Slack does not say is no trouble', async () => {
    const api = await slack({ headers: {} }), { url } = await gateway()
    expect((await run({ url, api: `${api.url}/api`, ...files() })).of('scopes')).toMatchObject({ is: 'note', says: expect.stringContaining('im:history') as string })
  })

  test('alone is looked at, and what is left out is said', async () => {
    const api = await slack(), { url } = await gateway()
    const { of, answer } = await run({ url, api: `${api.url}/api`, 'bot-token-file': file('bot', botToken) })
    expect(of('signing secret')).toMatchObject({ is: 'note', says: expect.stringContaining('--signing-secret-file') as string })
    expect(answer['ok']).toBe(true)
  })

  test.each<[string, Said, 'bad' | 'away', RegExp]>([
    ['busy', { status: 429, headers: { 'retry-after': '30' } }, 'away', /429/], ['broken', { status: 503 }, 'away', /503/], ['something else', { text: 'hello' }, 'bad', /is not Slack’s Web API/],
  ])('Slack that is %s is named', async (_, said, is, says) => {
    const api = await serve(() => said), { url } = await gateway()
    expect((await run({ url, api: `${api.url}/api`, ...files() })).of('bot token')).toMatchObject({ is, says: expect.stringMatching(says) as string })
  })
})

describe('with a socket', () => {
  test('all is well, and the signing secret is not asked for', async () => {
    const api = await slack(), { url } = await gateway()
    const { findings, answer } = await run({ url, api: `${api.url}/api`, ...socketFiles() })
    expect(findings.map(({ what, is }) => [what, is])).toEqual([
      ['bot token', 'good'], ['scopes', 'good'], ['clock', 'good'], ['app token', 'good'], ['gateway', 'good'], ['round trip', 'note'],
    ])
    expect(parse(answer['config'] as string)).toMatchObject({ chat: { slack: [{ appTokenFile: 'app' }] } })
    expect(answer['config']).not.toContain('signingSecretFile')
  })

  test.each<[string, object, RegExp]>([
    ['without connections:write', { ok: false, error: 'missing_scope', needed: 'connections:write' }, /lacks the scope connections:write/],
    ['that Slack does not take', { ok: false, error: 'invalid_auth' }, /\(invalid_auth\).*Socket Mode/],
  ])('a token %s is named', async (_, socket, says) => {
    const api = await slack({ socket }), { url } = await gateway()
    expect((await run({ url, api: `${api.url}/api`, ...socketFiles() })).of('app token')).toMatchObject({ is: 'bad', says: expect.stringMatching(says) as string })
  })

  test('the bot’s token in the place of the app’s is sent to no socket', async () => {
    const api = await slack(), { url } = await gateway()
    const { of } = await run({ url, api: `${api.url}/api`, ...socketFiles(), 'app-token-file': file('app', botToken) })
    expect(of('app token')).toMatchObject({ is: 'bad', says: expect.stringMatching(/a bot’s token.*xapp-/) as string })
    expect(api.calls.map(({ path }) => path)).toEqual(['/api/auth.test'])
  })

  test('a missing file of the app’s token is said', async () => {
    const api = await slack(), { url } = await gateway()
    const { of } = await run({ url, socket: true, api: `${api.url}/api`, 'bot-token-file': file('bot', botToken) })
    expect(of('app token')).toMatchObject({ is: 'note', says: expect.stringContaining('--app-token-file') as string })
  })
})

test('a signing secret in whose place a token stands is named, and signs nothing', async () => {
  const api = await slack(), { url, log } = await gateway()
  const { of } = await run({ url, api: `${api.url}/api`, 'bot-token-file': file('bot', botToken), 'signing-secret-file': file('secret', appToken) })
  expect(of('signing secret')).toMatchObject({ is: 'bad', says: expect.stringMatching(/app-level token.*App Credentials/) as string })
  expect(log).toEqual([])
})

describe('on peers that others wrote', () => {
  test('emulate knows the bot by its token, and no other token', async () => {
    const api = await startSlackApi(), { url } = await gateway({ team: api.team })
    try {
      const args = { url, api: api.url, 'signing-secret-file': file('secret', secret) }
      const good = await run({ ...args, 'bot-token-file': file('emulated', api.botToken) })
      expect(good.of('bot token')).toEqual({ what: 'bot token', is: 'good', says: `It is the bot’s (berth) of team ${api.team}.` })
      expect(good.bad).toEqual([])
      expect(good.of('round trip')?.is).toBe('good')
      expect((await run({ ...args, 'bot-token-file': file('bot', botToken) })).of('bot token')).toMatchObject({ is: 'bad', says: expect.stringContaining('(invalid_auth)') as string })
    } finally {
      await api.close()
    }
  })

  test('a server of sockets gives an address for one, and none is opened', async () => {
    const api = await startSlackPeer({ appToken }), { url } = await gateway()
    try {
      const { of } = await run({ url, api: api.api, ...socketFiles() })
      expect(of('app token')).toMatchObject({ is: 'good' })
      expect([api.tries, api.open()]).toEqual([1, []])
    } finally {
      await api.close()
    }
  })
})

describe('what is misuse', () => {
  test.each<[string, () => Partial<SlackArgs>, RegExp]>([
    ['an address over http', () => ({ url: 'http://berth.example.org' }), /do not travel over http; use https:\/\/berth\.example\.org/],
    ['an address with a path', () => ({ url: 'https://berth.example.org/chat' }), /^--url is a URL like https:\/\/berth\.example\.org, without a path/],
    ['an address with a password', () => ({ url: 'https://a:b@berth.example.org' }), /without a path or a password/],
    ['an address with nothing but a password', () => ({ url: 'https://:b@berth.example.org' }), /without a path or a password/],
    ['no address', () => ({ url: 'berth.example.org' }), /^--url is a URL/],
    ['an API over http', () => ({ api: 'http://slack.example.org/api', ...files() }), /do not travel over http/],
    ['a file that others may read', () => ({ 'bot-token-file': file('open', botToken, 0o644) }), /may be read by others; run: chmod 600/],
    ['a file that is not there', () => ({ 'bot-token-file': join(here.folder, 'none') }), /There is no file/],
    ['a file with nothing in it', () => ({ 'bot-token-file': file('empty', '\n') }), /holds nothing/],
    ['a file with two words', () => ({ 'bot-token-file': file('two', `${botToken} ${secret}`) }), /more than one word/],
    ['a file with a letter that no header takes', () => ({ 'bot-token-file': file('odd', `${botToken}…`) }), /letters that no secret has/],
    ['a folder', () => ({ 'bot-token-file': here.folder }), /cannot be read|may be read by others/],
    ['no bot’s token', () => ({ 'signing-secret-file': file('secret', secret) }), /--bot-token-file/],
  ])('%s', async (_, args, says) => {
    const failed = await setUpSlack({ url: 'https://berth.example.org', socket: false, ...args() }).then(() => undefined, (error: Error) => error)
    expect(failed?.name).toBe('Refused')
    expect(failed?.message).toMatch(says)
    expect(failed?.message).not.toContain(botToken)
  })
})

describe('in a terminal', () => {
  const berth = (words: readonly string[], env = {}) => berthChild(words, { home: here.folder, gateway: '', env })

  test('a gateway whose certificate is not trusted is told, and BERTH_CA helps', async () => {
    const made = makeCertificates(here.folder), api = await slack(), { url } = await serveGateway({ options: { tls: made } })
    const words = ['gateway', 'setup', 'slack', '--url', url, '--api', `${api.url}/api`, '--bot-token-file', file('bot', botToken)]
    const without = await berth(words)
    expect(without).toMatchObject({ code: 5, out: expect.stringMatching(/\? gateway: The gateway at .* has a certificate that is not trusted here \([A-Z_]+\).*BERTH_CA/) as string })
    expect((await berth(words, { BERTH_CA: made.caFile })).out).toContain(`✓ gateway: A gateway of Berth answers at ${url}.`)
  })

  test('it needs no gateway of its own, answers as one JSON object, and its exit code says how it stands', async () => {
    const api = await slack(), { url } = await gateway()
    const words = ['gateway', 'setup', 'slack', '--url', url, '--api', `${api.url}/api`, '--bot-token-file', file('bot', botToken), '--signing-secret-file']
    const good = await berth([...words, file('secret', secret), '--json'])
    expect(good).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(good.out)).toMatchObject({ ok: true, findings: expect.arrayContaining([expect.objectContaining({ what: 'round trip', is: 'good' })]) as unknown })
    const wrong = await berth([...words, file('wrong', 'another-secret')])
    expect(wrong.code).toBe(3)
    expect(wrong.out).toContain('✓ bot token: ')
    expect(wrong.out).toContain('✗ round trip: The gateway refuses the signature')
    expect(wrong.out + wrong.err).not.toContain('another-secret')
    const away = await berth([...words.slice(0, 4), await nobody(), ...words.slice(5), file('secret', secret)])
    expect(away.code).toBe(5)
    expect(await berth(['gateway', 'setup', 'slack', '--url', 'http://berth.example.org'])).toMatchObject({ code: 2, out: '' })
    expect((await berth(['gateway', 'setup', 'slack'])).err).toContain('needs --url URL')
  })
})
