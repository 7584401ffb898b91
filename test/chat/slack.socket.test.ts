/** Socket Mode, by Slack's own client against a server that speaks the documented protocol. */
import { execFileSync } from 'node:child_process'
import { App, LogLevel, SocketModeReceiver } from '@slack/bolt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createGateway } from '../../client/gateway/gateway.ts'
import type { Listening } from '../../client/gateway/listen.ts'
import type { LogLine } from '../../client/gateway/options.ts'
import type { ChatSettings } from '../../client/gateway/chat/settings.ts'
import { accountId } from '../../workflows/contract.ts'
import { linkId } from '../../workflows/link/messages.ts'
import type { ChatUser } from '../../workflows/link/terms.ts'
import { desk, fakeDirectory, fakeSeals, fakeTemporal, held, key, leaseStatus, person, receiptOf, webId } from '../client/fake.ts'
import type { LendRequest } from '../../workflows/terms.ts'
import { clickPayload, commandFields, formPayload } from './slackSigned.ts'
import { type SlackPeer, startSlackPeer } from './slackSocket.ts'
import { chatSeals } from './stage.ts'

const team = 'T1DC2JH3J', appToken = 'xapp-1-secret', mika: ChatUser = { platform: 'slack', tenant: team, user: 'U2CERLKJA' }

let peer: SlackPeer, gateways: Listening[] = [], world: ReturnType<typeof createWorld>
beforeEach(async () => {
  peer = await startSlackPeer({ appToken })
  world = createWorld()
})
afterEach(async () => {
  await Promise.all(gateways.map((it) => it.close()))
  gateways = []
  await peer.close()
  // Whatever happened: no token, ticket or address to answer to is in a log.
  for (const secret of ['xapp', 'xoxb', 'ticket', 'secretpath']) expect(JSON.stringify(world.log)).not.toContain(secret)
})

/** What gateways share: Temporal, directory, keys. `hold` keeps updates waiting until it is let go. */
function createWorld() {
  const { temporal, workflows, calls } = fakeTemporal(), log: LogLine[] = [], sealed = chatSeals(), seals = fakeSeals()
  let held_: Promise<void> = Promise.resolve(), asked: () => void = () => undefined
  workflows.set(linkId(mika), { query: () => ({ linked: { uid: 'mika', uuid: 'uuid-mika', since: 1 } }) })
  workflows.set(accountId('mika'), { query: () => desk('mika', { leases: [held] }), update: async (name, arg: LendRequest) => {
    asked()
    await held_
    return name === 'lend' ? receiptOf(arg) : undefined
  } })
  workflows.set(webId, { query: () => leaseStatus(), update: () => undefined })
  return {
    log, sealed,
    /** What changed anything, or would have. */
    get calls() { return calls.filter(({ id }) => !id.startsWith('link:')) },
    /** Resolves when the next update has come in, which then waits for `go`. */
    hold() {
      let go = () => {}
      held_ = new Promise((resolve) => { go = resolve })
      return { asked: new Promise<void>((resolve) => { asked = resolve }), go }
    },
    async gateway(more: Partial<ChatSettings['slack'][number]> = {}) {
      const gateway = await createGateway({
        temporal, directory: fakeDirectory([person('mika')]), seals, isAdmin: () => false, options: { log: (line) => log.push(line), listen: { host: '127.0.0.1', port: 0 } },
        chat: { seals: sealed, settings: { url: 'https://berth.example.org', mattermost: [], slack: [{ team, botToken: 'xoxb-secret', appToken, api: peer.api, ...more }] } },
      }).listen()
      gateways.push(gateway)
      return gateway
    },
  }
}
let triggers = 0
const line = (text: string, more: Readonly<Record<string, string | undefined>> = {}) => commandFields(text, { response_url: peer.hook, trigger_id: `trigger ${triggers++}`, ...more })
const click = (more: object = {}) => clickPayload(world.sealed.seal('button', JSON.stringify({ verb: 'return', lease: key, who: mika, exp: Date.now() + 60_000 })), { response_url: peer.hook, trigger_id: `trigger ${triggers++}`, ...more })

test('a command, a button and a form are answered over the socket, and nothing else listens for them', async () => {
  const { url } = await world.gateway()
  await peer.opened(1)
  expect((await peer.deliver('slash_commands', line('lend nginx --name web'))).payload).toEqual({ response_type: 'ephemeral', text: 'Reserved web (nginx) at main. It will be web.berth.test.' })
  expect((await peer.deliver('interactive', click())).payload).toEqual({})
  expect(peer.called).toMatchObject([{ path: '/hooks/T1DC2JH3J/1/secretpath', body: { response_type: 'ephemeral', replace_original: false } }])
  expect((await peer.deliver('slash_commands', line('lend'))).payload?.['text']).toMatch(/Fill in the form/)
  const opened = peer.called.at(-1) as unknown as { path: string; body: { view: { private_metadata: string } } }, state = opened.body.view.private_metadata
  expect(opened.path).toBe('/api/views.open')
  expect((await peer.deliver('interactive', formPayload(state, { image: '!' }))).payload).toMatchObject({ response_action: 'errors', errors: { image: expect.any(String) as string } })
  expect((await peer.deliver('interactive', formPayload(state, { image: 'nginx' }))).payload).toMatchObject({ response_action: 'update' })
  expect(world.calls.map(({ name }) => name)).toEqual(['lend', 'release', 'lend'])
  // A tenant of the socket has no secret, so that nothing over HTTP speaks for it.
  expect((await fetch(`${url}/chat/slack/command`, { method: 'POST', body: new URLSearchParams(line('return web')) })).status).toBe(401)
  expect(world.calls).toHaveLength(3)
})

test('an envelope that is delivered again gets the same answer under the same request id', async () => {
  await world.gateway()
  await peer.opened(1)
  const payload = line('lend nginx'), answers = [await peer.deliver('slash_commands', payload, { envelope: 'e1' }), await peer.deliver('slash_commands', payload, { envelope: 'e1' }), await peer.deliver('slash_commands', payload, { envelope: 'e2' })]
  expect(new Set(answers.map(({ payload }) => JSON.stringify(payload))).size).toBe(1)
  expect(world.calls).toHaveLength(3)
  expect(new Set(world.calls.map(({ updateId, arg }) => `${updateId} ${(arg as LendRequest).key}`)).size).toBe(1)
})

describe('a socket', () => {
  test.each(['warning', 'refresh_requested'] as const)('that Slack renews (%s) is opened again, and commands go on', async (reason) => {
    await world.gateway()
    await peer.opened(1)
    const begun = performance.now()
    peer.goodbye(0, reason)
    await peer.opened(2)
    // The SDK by itself waits 5 s.
    expect(performance.now() - begun).toBeLessThan(3000)
    expect((await peer.deliver('slash_commands', line('lend nginx'), { to: 1 })).payload?.['text']).toMatch(/^Reserved/)
    expect(world.log.map(({ what }) => what).filter((what) => what.startsWith('slack socket'))).toEqual(['slack socket open', 'slack socket closed by Slack', 'slack socket open'])
  })

  test('whose line breaks is opened again, and again', async () => {
    await world.gateway()
    for (let n = 0; n < 3; n++) {
      await peer.opened(n + 1)
      expect((await peer.deliver('slash_commands', line('lend nginx'))).socket).toBe(n)
      await peer.cut(n)
    }
    expect(world.calls).toHaveLength(3)
  })

  test('that breaks under a command leaves its answer to the address that came with it', async () => {
    await world.gateway()
    await peer.opened(1)
    const { asked, go } = world.hold(), acked = peer.deliver('slash_commands', line('lend nginx'))
    void acked.catch(() => undefined)
    await asked
    await peer.cut(0)
    await peer.opened(2)
    go()
    await expect.poll(() => peer.called.length).toBe(1)
    expect(peer.called).toMatchObject([{ path: '/hooks/T1DC2JH3J/1/secretpath', body: { response_type: 'ephemeral', text: expect.stringMatching(/^Reserved/) as string } }])
    expect(peer.acks).toEqual([])
  })

  test('that Slack refuses keeps nobody else waiting, says why, and opens once it may', async () => {
    peer.refuse('invalid_auth')
    const { url } = await world.gateway()
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    await expect.poll(() => peer.tries).toBeGreaterThanOrEqual(2)
    expect(world.log).toContainEqual({ level: 'error', what: 'slack socket not open', platform: 'slack', tenant: team, why: 'invalid_auth' })
    peer.refuse(undefined)
    await peer.opened(1)
    expect((await peer.deliver('slash_commands', line('lend nginx'))).payload?.['text']).toMatch(/^Reserved/)
  })

  test('with a wrong token says so', async () => {
    await world.gateway({ appToken: 'xapp-wrong' })
    await expect.poll(() => world.log).toContainEqual(expect.objectContaining({ why: 'invalid_auth' }))
    expect(peer.open()).toEqual([])
  })

  test('to a Slack that is not there keeps nobody else waiting', async () => {
    const gone = await startSlackPeer()
    await gone.close()
    const { url } = await world.gateway({ api: gone.api })
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    await expect.poll(() => world.log).toContainEqual({ level: 'warn', what: 'slack socket not open', platform: 'slack', tenant: team, why: 'ECONNREFUSED' })
  })

  test.each<[string, () => object]>([
    ['of a team that is not configured', () => line('return web', { team_id: 'T9' })], ['without a trigger', () => line('return web', { trigger_id: undefined })], ['of nothing', () => ({})],
  ])('takes no command %s', async (_, payload) => {
    await world.gateway()
    await peer.opened(1)
    expect((await peer.deliver('slash_commands', payload())).payload).toEqual({ response_type: 'ephemeral', text: expect.stringMatching(/does not know|not how Slack/) as string })
    expect(world.calls).toEqual([])
  })

  test.each<[string, () => object]>([
    ['of a stranger', () => click({ user: { id: mika.user, team_id: 'T9' } })], ['that is made up', () => clickPayload('made up', { response_url: peer.hook })], ['of nothing', () => ({})], ['of null', () => ({ type: 'block_actions', user: null, team: null, actions: null })],
  ])('takes no click %s', async (_, payload) => {
    await world.gateway()
    await peer.opened(1)
    expect((await peer.deliver('interactive', payload())).payload).toEqual({})
    expect(world.calls).toEqual([])
  })
})

test('two gateways share what comes in, each envelope once', async () => {
  await Promise.all([world.gateway(), world.gateway()])
  await peer.opened(2)
  const answers = await Promise.all(Array.from({ length: 12 }, () => peer.deliver('slash_commands', line('lend nginx'))))
  expect(answers.map(({ payload }) => payload?.['text'])).toEqual(Array(12).fill(expect.stringMatching(/^Reserved/)))
  expect([0, 1].map((socket) => peer.acks.filter((ack) => ack.socket === socket).length)).toEqual([6, 6])
  expect(new Set(peer.acks.map(({ envelope_id }) => envelope_id)).size).toBe(12)
  expect(new Set(world.calls.map(({ updateId }) => updateId)).size).toBe(12)
  // One goes; the other serves on.
  await gateways.shift()!.close()
  await expect.poll(() => peer.open()).toHaveLength(1)
  expect((await peer.deliver('slash_commands', line('lend nginx'))).payload?.['text']).toMatch(/^Reserved/)
})

test('closing answers what is under way, closes the socket, and opens none again', async () => {
  const gateway = await world.gateway()
  await peer.opened(1)
  const { asked, go } = world.hold(), acked = peer.deliver('slash_commands', line('lend nginx'))
  await asked
  const closed = gateway.close()
  go()
  expect((await acked).payload?.['text']).toMatch(/^Reserved/)
  await closed
  gateways = []
  await expect.poll(() => peer.open()).toEqual([])
  expect(peer.tries).toBe(1)
})

test('a Slack that leaves TCP open behind the closing handshake holds up neither the next socket nor the end', async () => {
  await peer.close()
  peer = await startSlackPeer({ appToken, lingers: true })
  const gateway = await world.gateway()
  await peer.opened(1)
  const begun = performance.now()
  peer.goodbye(0)
  await peer.opened(2)
  expect((await peer.deliver('slash_commands', line('lend nginx'), { to: 1 })).payload?.['text']).toMatch(/^Reserved/)
  await gateway.close()
  gateways = []
  // The SDK by itself takes 5 s for each.
  expect(performance.now() - begun).toBeLessThan(4000)
})

test('closing while Slack does not let it in ends the tries', async () => {
  peer.refuse('invalid_auth')
  const gateway = await world.gateway()
  await expect.poll(() => peer.tries).toBeGreaterThanOrEqual(2)
  await gateway.close()
  gateways = []
  const tries = peer.tries
  peer.refuse(undefined)
  // Longer than it would have waited for the next one.
  await new Promise((resolve) => setTimeout(resolve, 1000))
  expect([peer.tries, peer.open()]).toEqual([tries, []])
})

test('tenants of one app share one socket, and each is its own', async () => {
  const { temporal } = fakeTemporal(), log: LogLine[] = [], slack = [team, 'T2'].map((one) => ({ team: one, botToken: 'xoxb-secret', appToken, api: peer.api }))
  gateways.push(await createGateway({
    temporal, directory: fakeDirectory([]), seals: fakeSeals(), isAdmin: () => false, options: { log: (one) => log.push(one), listen: { host: '127.0.0.1', port: 0 } },
    chat: { seals: chatSeals(), settings: { url: 'https://berth.example.org', mattermost: [], slack } },
  }).listen())
  await peer.opened(1)
  for (const one of [team, 'T2']) expect((await peer.deliver('slash_commands', line('help', { team_id: one }))).payload?.['text']).toMatch(/^Berth lends containers/)
  expect([peer.tries, peer.open()]).toEqual([1, [0]])
})

test('Slack’s own framework gets on with the stand-in, and acknowledges in the same form', async () => {
  const receiver = new SocketModeReceiver({ appToken, logLevel: LogLevel.ERROR, installerOptions: { clientOptions: { slackApiUrl: peer.api } } })
  const app = new App({ receiver, logLevel: LogLevel.ERROR, authorize: () => Promise.resolve({ botToken: 'xoxb', botId: 'B1', botUserId: 'UBERTH' }), clientOptions: { slackApiUrl: peer.api } })
  app.command('/berth', ({ ack }) => ack({ response_type: 'ephemeral', text: 'Reserved web.' }))
  app.action({ type: 'block_actions' }, ({ ack }) => ack())
  await app.start()
  const theirs = [await peer.deliver('slash_commands', line('lend nginx')), await peer.deliver('interactive', click())]
  await world.gateway()
  await peer.opened(2)
  const mine = [await peer.deliver('slash_commands', line('lend nginx'), { to: 1 }), await peer.deliver('interactive', click(), { to: 1 })]
  const shape = ({ payload, ...ack }: (typeof mine)[number]) => [Object.keys(ack), Object.entries(payload ?? {}).map(([name, value]) => [name, typeof value])]
  expect(mine.map(shape)).toEqual(theirs.map(shape))
  await app.stop()
})

test('Slack’s packages are loaded only where a tenant has a token for a socket', () => {
  const loaded = (tenants: string) => Number(execFileSync(process.execPath, ['--input-type=module', '-e', `
    import Module from 'node:module'
    import { createGateway } from './client/gateway/gateway.ts'
    import { startSlackSockets } from './client/gateway/chat/slack/socket.ts'
    const sockets = await startSlackSockets({ chat: {}, tenants: ${tenants}, options: { log() {} } })
    await sockets.close()
    console.log(createGateway.length && Object.keys(Module._cache).filter((file) => file.includes('@slack')).length)
  `], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } }))
  expect(loaded("[{ team: 'T1', botToken: 'x', signingSecret: 'x' }, { team: 'T2', botToken: 'x', appToken: '' }]")).toBe(0)
  expect(loaded("[{ team: 'T1', botToken: 'x', appToken: 'xapp-x', api: 'http://127.0.0.1:1/api/' }]")).toBeGreaterThan(0)
})
