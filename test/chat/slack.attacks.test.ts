/** The attack list's rows for Slack and for what goes out: each must start, end and tell nothing. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mayRespond } from '../../client/gateway/chat/slack/respond.ts'
import type { SlackTenant } from '../../client/gateway/chat/settings.ts'
import { linkId } from '../../workflows/link/messages.ts'
import type { ButtonContext, ChatUser } from '../../workflows/link/terms.ts'
import { key } from '../client/fake.ts'
import { chatStage, linked } from './stage.ts'
import { clickPayload, commandBody, official, payloadBody, signatureOf, signed, type SignedRequest } from './slackSigned.ts'
import { type SlackPeer, startSlackPeer } from './slackSocket.ts'

const command = '/chat/slack/command', interact = '/chat/slack/interact', team = 'T1DC2JH3J'
const mika: ChatUser = { platform: 'slack', tenant: team, user: 'U2CERLKJA' }
const at = Date.UTC(2026, 10, 29, 9)

let peer: SlackPeer, called = 0
beforeAll(async () => { peer = await startSlackPeer() })
afterAll(() => peer.close())
beforeEach(() => { called = peer.called.length })
/** What Slack was told since the test began. */
const told = () => peer.called.slice(called)

function stage(tenants?: readonly SlackTenant[]) {
  const it = chatStage({
    now: at, settings: { slack: tenants ?? [{ team, signingSecret: official.secret, botToken: 'xoxb-secret', api: peer.api }] },
    links: { [linkId(mika)]: linked('mika'), [linkId({ ...mika, user: 'UOLGA' })]: linked('olga') },
  })
  const nothing = () => {
    expect(it.calls).toEqual([])
    expect(told()).toEqual([])
    for (const secret of [official.secret, 'xoxb-secret', 'secretpath', 'deprecated-token', 'v0=']) expect(it.logged()).not.toContain(secret)
  }
  const button = (more: Partial<ButtonContext> = {}) => it.button({ who: mika, ...more })
  /** A link that remembers what it answered changes nothing. */
  return { ...it, nothing, button, acts: () => it.calls.filter(({ name }) => name !== 'answered') }
}
const returns = (more?: Readonly<Record<string, string | undefined>>) => commandBody('return web', more)
const click = (value: string | undefined, more: Readonly<Record<string, unknown>> = {}) => payloadBody(clickPayload(value, { response_url: peer.hook, ...more }))

test('what the attacks are made of works: signed, the command returns and so does the button', async () => {
  const { send, acts, button } = stage()
  expect((await send(command, signed(returns(), { at }))).status).toBe(200)
  expect((await send(interact, signed(click(button({ verb: 'return' })), { at }))).status).toBe(200)
  expect(acts().map(({ name }) => name)).toEqual(['release', 'release'])
  expect(told()).toHaveLength(1)
})

describe('a request is refused with 401, and nothing happens', () => {
  const seconds = (more: number) => String(Math.floor(at / 1000) + more)
  const resigned = (body: string, timestamp: string): SignedRequest =>
    ({ body, headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signatureOf(official.secret, timestamp, body) } })
  const without = (request: SignedRequest, name: string): SignedRequest =>
    ({ ...request, headers: Object.fromEntries(Object.entries(request.headers).filter(([header]) => header !== name)) })
  const rows: [string, (body: string) => SignedRequest][] = [
    ['that is 301 s old', (body) => resigned(body, seconds(-301))],
    ['from 301 s ahead', (body) => resigned(body, seconds(301))],
    ['from a day ahead', (body) => resigned(body, seconds(86_400))],
    ['with another body than was signed', (body) => ({ ...signed(body, { at }), body: `${body}&x=1` })],
    ['without a signature', (body) => without(signed(body, { at }), 'x-slack-signature')],
    ['without a time', (body) => without(signed(body, { at }), 'x-slack-request-timestamp')],
    ['with an empty signature', (body) => signed(body, { at, headers: { 'x-slack-signature': '' } })],
    ['with v0= alone', (body) => signed(body, { at, headers: { 'x-slack-signature': 'v0=' } })],
    ['signed as version 1', (body) => signed(body, { at, headers: { 'x-slack-signature': signatureOf(official.secret, seconds(0), body).replace('v0', 'v1') } })],
    ['with v1= alone', (body) => signed(body, { at, headers: { 'x-slack-signature': 'v1=' } })],
    ['signed in upper case', (body) => signed(body, { at, headers: { 'x-slack-signature': `v0=${signatureOf(official.secret, seconds(0), body).slice(3).toUpperCase()}` } })],
    ['signed twice', (body) => signed(body, { at, headers: { 'x-slack-signature': [1, 2].map(() => signatureOf(official.secret, seconds(0), body)).join(', ') } })],
    ['with NaN as time', (body) => resigned(body, 'NaN')],
    ['with an empty time', (body) => resigned(body, '')],
    ['with a time in another spelling', (body) => resigned(body, `${seconds(0)}.0`)],
    ['signed with another secret', (body) => signed(body, { at, secret: 'x'.repeat(32) })],
    ['of another app that has learned the bot’s token', (body) => signed(body, { at, secret: 'xoxb-secret' })],
    ['with only the deprecated token', (body) => ({ body, headers: { 'content-type': 'application/x-www-form-urlencoded' } })],
    ['as JSON, not signed', (body) => ({ body: JSON.stringify(Object.fromEntries(new URLSearchParams(body))), headers: { 'content-type': 'application/json' } })],
  ]
  test.each(rows)('%s', async (_, made) => {
    const { send, nothing, button, log } = stage()
    for (const [path, body] of [[command, returns()], [interact, click(button({ verb: 'return' }))]] as const) {
      const answer = await send(path, made(body))
      expect(answer).toMatchObject({ status: 401, text: expect.stringMatching(/^[^.]+\.\n$/) as string })
    }
    expect(log.map(({ what, platform }) => [what, platform])).toEqual([['chat refused', 'slack'], ['chat refused', 'slack']])
    expect(log.every(({ why, requestId }) => typeof why === 'string' && typeof requestId === 'string')).toBe(true)
    nothing()
  })

  test.each<[string, () => readonly SlackTenant[]]>([
    ['an empty signing secret', () => [{ team, signingSecret: '', botToken: 'xoxb-secret' }]],
    ['none, since its requests come over a socket', () => [{ team, botToken: 'xoxb-secret', appToken: 'xapp-secret' }]],
    ['no tenant', () => []],
  ])('where there is %s, even if it is signed with nothing', async (_, tenants) => {
    const { send, nothing } = stage(tenants())
    for (const secret of ['', official.secret, 'undefined']) expect((await send(command, signed(returns(), { at, secret }))).status).toBe(401)
    nothing()
  })
})

describe('a probe of the certificate', () => {
  test.each<[string, string]>([
    ['alone', 'ssl_check=1&token=deprecated-token'], ['with a command in it', `ssl_check=1&${returns()}`], ['behind a command', `${returns()}&ssl_check=1`],
  ])('%s gets 200, signed or not, and nothing of it is used', async (_, body) => {
    const { send, nothing } = stage()
    for (const request of [{ body, headers: { 'content-type': 'application/x-www-form-urlencoded' } }, signed(body, { at })]) {
      for (const path of [command, interact]) expect(await send(path, request)).toMatchObject({ status: 200, text: '' })
    }
    nothing()
  })

  test.each([`ssl_check=0&${returns()}`, `ssl_check=&${returns()}`, `ssl_check=11&${returns()}`, `ssl_check=2&ssl_check=1&${returns()}`, `SSL_CHECK=1&${returns()}`])('that is none is proven as any other: %s', async (body) => {
    const { send, nothing } = stage()
    expect((await send(command, { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } })).status).toBe(401)
    nothing()
  })

  test('with a button in it presses nothing', async () => {
    const { send, nothing, button } = stage()
    expect((await send(interact, signed(`ssl_check=1&${click(button({ verb: 'return' }))}`, { at }))).status).toBe(200)
    nothing()
  })
})

describe('sent again within five minutes', () => {
  test('a command gets the same answer by the same request id, on whichever gateway', async () => {
    const request = signed(commandBody('lend nginx --for 2h'), { at }), [one, other] = [stage(), stage()]
    const first = await one.send(command, request)
    one.pass(299_000)
    other.pass(299_000)
    expect((await one.send(command, request)).json()).toEqual(first.json())
    expect((await other.send(command, request)).json()).toEqual(first.json())
    const asked = [...one.acts(), ...other.acts()].map(({ name, updateId, arg }) => ({ name, updateId, key: (arg as { key: string }).key }))
    expect(asked).toHaveLength(3)
    expect(new Set(asked.map((call) => JSON.stringify(call))).size).toBe(1)
  })

  test('a button asks for the same under the same request id', async () => {
    const { send, acts, button } = stage()
    const request = signed(click(button()), { at })
    for (let n = 0; n < 2; n++) expect((await send(interact, request)).status).toBe(200)
    expect(acts().map(({ name, arg }) => [name, (arg as { requestId: string }).requestId])).toEqual(Array(2).fill(['extend', `button-extend-${key}-5000`]))
  })

  test('after five minutes it is refused', async () => {
    const { send, pass, nothing } = stage(), request = signed(returns(), { at })
    pass(301_000)
    expect((await send(command, request)).status).toBe(401)
    nothing()
  })

  test('commands of two triggers are two, and so are those of two teams with one trigger', async () => {
    const twin = { ...mika, tenant: 'T2' }
    const { send, acts, workflows, whos } = stage([team, 'T2'].map((one) => ({ team: one, signingSecret: official.secret, botToken: 'xoxb-secret' })))
    whos.set(linkId(twin), linked('mika'))
    workflows.set(linkId(twin), { query: () => whos.get(linkId(twin)) })
    for (const more of [{}, { trigger_id: 'another' }, { team_id: 'T2' }]) expect((await send(command, signed(commandBody('lend nginx', more), { at }))).status).toBe(200)
    expect(new Set(acts().map(({ updateId }) => updateId)).size).toBe(3)
  })
})

describe('a proven request', () => {
  test.each<[string, Readonly<Record<string, string | undefined>>, RegExp]>([
    ['of a team that is not configured', { team_id: 'T9' }, /does not know this Slack workspace/],
    ['of no team', { team_id: undefined }, /does not know this Slack workspace/],
    ['without a user', { user_id: undefined }, /not how Slack sends/],
    ['with an empty user', { user_id: '' }, /not how Slack sends/],
    ['without a trigger', { trigger_id: undefined }, /not how Slack sends/],
    ['with an empty trigger', { trigger_id: '' }, /not how Slack sends/],
  ])('%s is refused in a sentence', async (_, more, sentence) => {
    const { send, nothing, log } = stage(), answer = await send(command, signed(returns(more), { at }))
    expect(answer.status).toBe(200)
    expect(answer.json()).toEqual({ response_type: 'ephemeral', text: expect.stringMatching(sentence) as string })
    expect(log).toMatchObject([{ what: 'chat refused', level: 'warn' }])
    nothing()
  })

  test('signed with the secret of another tenant does not speak for this one', async () => {
    const { send, nothing } = stage([{ team, signingSecret: official.secret, botToken: 'xoxb-secret' }, { team: 'T2', signingSecret: 'secret of T2', botToken: 'xoxb-2' }])
    expect((await send(command, signed(returns(), { at, secret: 'secret of T2' }))).json().text).toMatch(/does not know/)
    expect((await send(command, signed(returns({ team_id: 'T2' }), { at }))).json().text).toMatch(/does not know/)
    nothing()
  })

  test('in a name that is an admin’s is its user id’s all the same', async () => {
    const { send, acts } = stage()
    const answer = await send(command, signed(commandBody('list', { user_name: 'olga', user_id: 'UNOBODY' }), { at }))
    expect(answer.json().text).toMatch(/^Link your directory account first/)
    expect(acts().map(({ name }) => name)).toEqual(['begin'])
  })

  test.each<[string, () => SignedRequest]>([
    ['as JSON', () => signed(JSON.stringify({ team_id: team, text: 'return web' }), { at, headers: { 'content-type': 'application/json' } })],
    ['as text', () => signed(returns(), { at, headers: { 'content-type': 'text/plain' } })],
    ['as multipart', () => signed(returns(), { at, headers: { 'content-type': 'multipart/form-data; boundary=x' } })],
    ['of no type', () => signed(returns(), { at, headers: { 'content-type': '' } })],
  ])('%s is refused with 400', async (_, request) => {
    const { send, nothing } = stage()
    for (const path of [command, interact]) expect(await send(path, request())).toMatchObject({ status: 400, text: expect.stringMatching(/send a form/) as string })
    nothing()
  })

  test.each<[string, string]>([
    ['no payload', 'x=1'], ['an empty payload', 'payload='], ['broken JSON', 'payload=%7B%22type%22%3A'], ['a list', 'payload=%5B%5D'], ['null', 'payload=null'], ['a number', 'payload=7'], ['a text', 'payload=%22block_actions%22'],
  ])('to interact with %s is refused with 400', async (_, body) => {
    const { send, nothing } = stage()
    expect((await send(interact, signed(body, { at }))).status).toBe(400)
    nothing()
  })

  test('in bytes that are no UTF-8 is refused with 400', async () => {
    const { gateway, nothing } = stage(), body = Buffer.concat([Buffer.from(`${returns()}&x=`), Buffer.from([0xff])]), timestamp = String(at / 1000)
    const response = await gateway.app.request(command, { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signatureOf(official.secret, timestamp, body) } })
    expect(response.status).toBe(400)
    nothing()
  })

  test('that is too large is refused with 413', async () => {
    const { send, nothing } = stage()
    expect(await send(command, signed(`${returns()}&x=${'x'.repeat(100 * 1024)}`, { at }))).toMatchObject({ status: 413, text: expect.stringContaining('make it shorter') as string })
    nothing()
  })

  test('by GET is not there', async () => {
    const { send, nothing } = stage()
    const { headers } = signed('', { at })
    for (const path of [command, interact]) expect((await send(`${path}?${returns()}`, { method: 'GET', headers })).status).toBe(404)
    nothing()
  })

  test.each(['view_closed', 'shortcut', 'message_action', 'block_suggestion', 'event_callback', 'toString', ''])('of type %s does nothing', async (type) => {
    const { send, nothing, button } = stage()
    expect(await send(interact, signed(click(button({ verb: 'return' }), { type }), { at }))).toMatchObject({ status: 200, text: '' })
    nothing()
  })

  test.each(['return web $HOME', 'return web; rm -rf *', 'return ```web', 'return --__proto__.polluted 1', 'return "web', 'return “web', 'retrun web', 'return &lt;web&gt;', 'return <!channel>', 'return web\nreturn web'])('that says %j ends nothing', async (text) => {
    const { send, acts } = stage(), answer = await send(command, signed(commandBody(text), { at }))
    expect(answer.status).toBe(200)
    expect(answer.json().text).toMatch(/\w/)
    expect(answer.json().text).not.toMatch(/[<>]|```/)
    expect(acts()).toEqual([])
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})

describe('a click ends nothing', () => {
  const pressed = async (made: (it: ReturnType<typeof stage>) => { value?: string | undefined; more?: Readonly<Record<string, unknown>> }, sentence: RegExp) => {
    const it = stage(), { value, more } = made(it)
    expect(await it.send(interact, signed(click(value, more), { at }))).toMatchObject({ status: 200, text: '' })
    expect(it.acts()).toEqual([])
    expect(told()).toMatchObject([{ path: '/hooks/T1DC2JH3J/1/secretpath', authorization: undefined, body: { response_type: 'ephemeral', replace_original: false, text: expect.stringMatching(sentence) as string } }])
    for (const secret of ['secretpath', 'xoxb-secret', ...value ? [value] : []]) expect(it.logged()).not.toContain(secret)
  }
  const stranger = { user: { id: mika.user, team_id: 'T0STRANGER' } }
  test.each<[string, Parameters<typeof pressed>[0], RegExp]>([
    ['without a context', () => ({}), /not one of Berth/],
    ['with a made-up context', () => ({ value: JSON.stringify({ verb: 'return', lease: key, who: mika, exp: at * 2 }) }), /not one of Berth/],
    ['with an empty context', () => ({ value: '' }), /not one of Berth/],
    ['with a seal that was tampered with', ({ button }) => ({ value: `${button({ verb: 'return' }).slice(0, -2)}AA` }), /not one of Berth/],
    ['with a seal longer than any', ({ button }) => ({ value: button({ verb: 'return' }).padEnd(5000, 'A') }), /not one of Berth/],
    ['with a seal that is over', ({ button }) => ({ value: button({ verb: 'return', exp: at - 1 }) }), /too old/],
    ['with the seal of a dialog', ({ seal }) => ({ value: seal('dialog', { verb: 'return', lease: key, who: mika, exp: at * 2 }) }), /not one of Berth/],
    ['with the seal of a link', ({ seal }) => ({ value: seal('link', { verb: 'return', lease: key, who: mika, exp: at * 2 }) }), /not one of Berth/],
    ['with a verb that no button has', ({ seal }) => ({ value: seal('button', { verb: 'site forget', lease: key, who: mika, exp: at * 2 }) }), /not one of Berth/],
    ['with the seal of another workspace', ({ button }) => ({ value: button({ verb: 'return', who: { ...mika, tenant: 'T2' } }) }), /not one of Berth/],
    ['with the seal of another platform', ({ button }) => ({ value: button({ verb: 'return', who: { ...mika, platform: 'mattermost' } }) }), /not one of Berth/],
    ['of a lease that is another’s', ({ button }) => ({ value: button({ verb: 'return', lease: 'abcdefghijabcdefghij' }) }), /no lease|not|none/i],
    ['of another member', ({ button, workflows, whos }) => {
      const noah = { ...mika, user: 'UNOAH' }
      whos.set(linkId(noah), linked('noah'))
      workflows.set(linkId(noah), { query: () => whos.get(linkId(noah)) })
      return { value: button({ verb: 'return' }), more: { user: { id: 'UNOAH', team_id: team, username: 'mika' } } }
    }, /Only whoever borrowed it/],
    ['of somebody who is not linked', ({ button }) => ({ value: button({ verb: 'return' }), more: { user: { id: 'UNOBODY', team_id: team } } }), /linked to nobody/],
    ['of a stranger of a shared channel', ({ button }) => ({ value: button({ verb: 'return' }), more: stranger }), /Only members of the workspace/],
    ['without a trigger', ({ button }) => ({ value: button({ verb: 'return' }), more: { trigger_id: undefined } }), /not how Slack sends/],
    ['without a user', ({ button }) => ({ value: button({ verb: 'return' }), more: { user: { team_id: team } } }), /not how Slack sends/],
    ['without actions', ({ button }) => ({ value: button({ verb: 'return' }), more: { actions: 'none' } }), /not one of Berth/],
  ])('%s', async (_, made, sentence) => {
    await pressed(made, sentence)
  })

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['a team that is not configured', { team: { id: 'T9' }, user: { id: mika.user, team_id: 'T9' } }],
    ['no team', { team: null }],
    ['a team that is none', { team: 'T1DC2JH3J' }],
  ])('in %s, and no address that only a tenant allows is called', async (_, more) => {
    const { send, nothing, button, log } = stage()
    expect((await send(interact, signed(click(button({ verb: 'return' }), more), { at }))).status).toBe(200)
    expect(log.map(({ why }) => why)).toEqual(['unknown team', 'not an address of Slack'])
    nothing()
  })
})

describe('what goes out', () => {
  test.each([
    'http://hooks.slack.com/actions/T1/1/x', 'https://hooks.slack.com.example.org/x', 'https://example.org/hooks.slack.com/', 'https://hooks.slack.com@127.0.0.1/x', 'https://me:pw@hooks.slack.com/x',
    'https://me@hooks.slack.com/x', 'https://hooks.slack.com:8443/x', 'https://hooks.slack.com:443/x', 'https://hooks.slack.com', 'https:\\\\hooks.slack.com\\x', 'https:/hooks.slack.com/x', ' https://hooks.slack.com/x',
    'https://127.0.0.1/x', 'http://169.254.169.254/latest/meta-data/', 'http://[::1]/x', 'http://localhost:7233/', 'file:///etc/passwd', 'data:text/plain,x', '//hooks.slack.com/x', 'hooks.slack.com/x',
    'https://evil.hooks.slack.com/x', 'https://slack.com/x', '', 7, null, undefined, {}, ['https://hooks.slack.com/x'], 'https://hooks.slack.com\u0000.example.org/x', 'https://hooks.slack.com%2eexample.org/x',
  ])('never goes to %j', (to) => {
    expect(mayRespond(to)).toBe(false)
    expect(mayRespond(to, 'https://slack.example.org/api/')).toBe(false)
  })

  test('goes to Slack’s own address, and to that of a Web API that stands for Slack’s', () => {
    expect(mayRespond('https://hooks.slack.com/actions/T1/1/x')).toBe(true)
    expect(mayRespond('https://hooks.slack.com/actions/T1/1/x', peer.api)).toBe(true)
    expect([mayRespond(peer.hook, peer.api), mayRespond(peer.hook)]).toEqual([true, false])
    expect(mayRespond(peer.hook.replace('127.0.0.1', 'localhost'), peer.api)).toBe(false)
  })

  /** Somebody inside the network, who counts. */
  async function inside(answer?: (count: number) => { status: number; location?: string } | undefined) {
    let count = 0
    const server = createServer((_, response) => {
      const said = answer?.(count++)
      if (said) response.writeHead(said.status, said.location === undefined ? {} : { location: said.location }).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, count: () => count,
      close: () => new Promise((resolve) => {
        server.closeAllConnections()
        server.close(resolve)
      }),
    }
  }

  test('a signed click with an address inside the network acts, and calls nobody there', async () => {
    const it = await inside(() => ({ status: 200 })), { send, acts, button, log, logged } = stage()
    expect((await send(interact, signed(click(button({ verb: 'return' }), { response_url: `${it.url}/secretpath` }), { at }))).status).toBe(200)
    expect(acts().map(({ name }) => name)).toEqual(['release'])
    expect([it.count(), told()]).toEqual([0, []])
    expect(log.at(-1)).toMatchObject({ what: 'chat click not answered', why: 'not an address of Slack' })
    expect(logged()).not.toContain('secretpath')
    await it.close()
  })

  test('a redirect from there into the network is not followed', async () => {
    const target = await inside(() => ({ status: 200 })), hooks = await inside(() => ({ status: 307, location: `${target.url}/x` }))
    const { send, button, log } = stage([{ team, signingSecret: official.secret, botToken: 'xoxb-secret', api: `${hooks.url}/api/` }])
    expect((await send(interact, signed(click(button({ verb: 'return' }), { response_url: `${hooks.url}/secretpath` }), { at }))).status).toBe(200)
    expect([hooks.count(), target.count()]).toEqual([1, 0])
    expect(log.at(-1)).toMatchObject({ what: 'chat click not answered', why: 'TypeError' })
    await Promise.all([target.close(), hooks.close()])
  })

  test('an address that never answers holds a click up for a second, not for Slack’s three', async () => {
    const hooks = await inside(() => undefined), begun = performance.now()
    const { send, button, log, acts } = stage([{ team, signingSecret: official.secret, botToken: 'xoxb-secret', api: `${hooks.url}/api/` }])
    expect((await send(interact, signed(click(button({ verb: 'return' }), { response_url: `${hooks.url}/secretpath` }), { at }))).status).toBe(200)
    expect(performance.now() - begun).toBeLessThan(3000)
    expect([acts().length, hooks.count()]).toEqual([1, 1])
    expect(log.at(-1)).toMatchObject({ what: 'chat click not answered', why: 'TimeoutError' })
    await hooks.close()
  })

  test('a form is not opened for a command that nobody proved', async () => {
    const { send, nothing } = stage()
    expect((await send(command, signed(commandBody('lend'), { at, secret: 'wrong' }))).status).toBe(401)
    nothing()
  })
})
