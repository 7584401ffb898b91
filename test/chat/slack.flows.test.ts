/** Slack over HTTP, as a member meets it: lines, buttons, the form of `lend`, and how answers look. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createSlackEar } from '../../client/gateway/chat/slack/hear.ts'
import { render } from '../../client/gateway/chat/slack/render.ts'
import { unwrap } from '../../client/gateway/chat/slack/unwrap.ts'
import { accountId } from '../../workflows/contract.ts'
import { linkId } from '../../workflows/link/messages.ts'
import type { ButtonContext, ChatUser, DialogContext } from '../../workflows/link/terms.ts'
import { desk, key, refusing } from '../client/fake.ts'
import { clickPayload, commandBody, commandFields, formPayload, official, payloadBody, signed } from './slackSigned.ts'
import { type Called, type SlackPeer, startSlackPeer } from './slackSocket.ts'
import { chatStage, linked } from './stage.ts'

const team = 'T1DC2JH3J', mika: ChatUser = { platform: 'slack', tenant: team, user: 'U2CERLKJA' }, olga: ChatUser = { ...mika, user: 'W0OLGA' }
const at = Date.UTC(2026, 10, 29, 9)

let peer: SlackPeer, called = 0
beforeAll(async () => { peer = await startSlackPeer() })
afterAll(() => peer.close())
beforeEach(() => {
  called = peer.called.length
  peer.refuse(undefined)
})
const told = () => peer.called.slice(called)

function stage() {
  const it = chatStage({
    now: at, settings: { slack: [{ team, signingSecret: official.secret, botToken: 'xoxb-secret', api: peer.api }] },
    links: { [linkId(mika)]: linked('mika'), [linkId(olga)]: linked('olga') },
  })
  let trigger = 0
  const send = async (path: string, body: string) => {
    const answer = await it.send(`/chat/slack/${path}`, signed(body, { at: it.now() }))
    return { ...answer, body: answer.text === '' ? undefined : answer.json() as unknown }
  }
  return {
    ...it,
    /** A link that remembers what it answered changes nothing. */
    acts: () => it.calls.filter(({ name }) => name !== 'answered'),
    type: async (text: string, more: Readonly<Record<string, string>> = {}) => {
      const answer = await send('command', commandBody(text, { trigger_id: `trigger ${trigger++}`, ...more }))
      expect(answer).toMatchObject({ status: 200, body: { response_type: 'ephemeral' } })
      return (answer.body as { text: string }).text
    },
    press: async (more: Partial<ButtonContext> = {}, payload: Readonly<Record<string, unknown>> = {}) => {
      const before = peer.called.length
      const answer = await send('interact', payloadBody(clickPayload(it.button({ who: mika, ...more }), { response_url: peer.hook, trigger_id: `trigger ${trigger++}`, ...payload })))
      expect(answer).toMatchObject({ status: 200, text: '' })
      expect(peer.called.slice(before)).toMatchObject([{ body: { response_type: 'ephemeral', replace_original: false } }])
      return peer.called.at(-1)!.body['text'] as string
    },
    submit: async (state: unknown, fields: Readonly<Record<string, string | null>>, more: Readonly<Record<string, unknown>> = {}) => {
      const answer = await send('interact', payloadBody(formPayload(state, fields, more)))
      expect(answer.status).toBe(200)
      return answer.body as { response_action: string; errors?: Record<string, string>; view?: { blocks: { text: { text: string } }[] } }
    },
  }
}

describe('a line', () => {
  test('lends, and the answer is for whoever typed it alone', async () => {
    const { type, acts } = stage()
    expect(await type('lend nginx:1.27 --name web --for 2h --port 80')).toBe('Reserved web (nginx:1.27) at main. It will be web.berth.test.')
    expect(acts()).toMatchObject([{ id: accountId('mika'), name: 'lend', arg: { image: 'nginx:1.27', name: 'web', forMs: 7_200_000, ports: [80] } }])
  })

  test.each<[string, string]>([['', 'Berth lends containers'], ['help', 'Berth lends containers'], ['list', 'web'], ['status web', 'web'], ['help lend', 'lend nginx']])('%j shows in a block what is a table', async (text, part) => {
    const { type, acts } = stage(), said = await type(text)
    expect(said).toMatch(/```\n[^]+\n```$/)
    expect(said).toContain(part)
    expect(acts()).toEqual([])
  })

  test('of an admin may do what an admin may; to others there is no such command', async () => {
    const { type } = stage()
    const help = await type('help', { user_id: olga.user })
    expect(help).toContain('/berth admin sweep')
    expect(help).toMatch(/[^…]\n```$/)
    expect(await type('help')).not.toContain('admin')
    expect(await type('admin board', { user_id: olga.user })).not.toMatch(/no command/)
    expect(await type('admin board')).toMatch(/There is no command “admin”/)
  })

  test('of somebody who is not linked leads to the page, and goes on from there with what Slack wrapped', async () => {
    const { type, acts, workflows, whos } = stage(), noah = { ...mika, user: 'UNOAH' }
    const line = 'lend <http://registry.example.org/nginx|registry.example.org/nginx> --command echo a&amp;b'
    expect(await type(line, { user_id: noah.user })).toMatch(/open https:\/\/berth\.example\.org\/link\/\S+ within ten minutes/)
    expect(acts()).toMatchObject([{ id: linkId(noah), name: 'begin', arg: { line } }])
    whos.set(linkId(noah), linked('mika'))
    workflows.set(linkId(noah), { query: () => whos.get(linkId(noah)), update: () => ({ ...linked('mika'), line }) })
    expect(await type('link abcd-efgh', { user_id: noah.user })).toMatch(/linked to mika now\. Reserved web/)
    expect(acts()).toMatchObject([{ name: 'begin' }, { name: 'finish', arg: { code: 'abcdefgh' } }, { name: 'lend', arg: { image: 'registry.example.org/nginx', command: ['echo', 'a&b'] } }])
  })

  test.each<[string, readonly string[]]>([
    ['lend nginx --command <http://example.org>', ['http://example.org']],
    ['lend nginx --command curl <http://example.org/?a=1&amp;b=2>', ['curl', 'http://example.org/?a=1&b=2']],
    ['lend nginx --command x <@U012|noah> <#C1|general> <!here>', ['x', '@noah', '#general', '@here']],
    ['lend nginx --command x &lt;tag&gt; <tag> a&amp;b a&b', ['x', '<tag>', '<tag>', 'a&b', 'a&b']],
    ['lend nginx --command x “two words” —verbose', ['x', 'two words', '--verbose']],
    ['lend nginx --command x "$HOME" ; rm -rf *', ['x', '$HOME', ';', 'rm', '-rf', '*']],
  ])('%s reaches the container as it was typed', async (line, command) => {
    const { type, acts } = stage()
    expect(await type(line)).toMatch(/^Reserved/)
    expect(acts()).toMatchObject([{ name: 'lend', arg: { command } }])
  })

  test('that the account refuses says why, with nothing that Slack would take for its own', async () => {
    const { type, workflows } = stage()
    workflows.set(accountId('mika'), { query: () => desk('mika'), update: () => { throw refusing('quotaFull', 'You have 3 of 3 leases: <!channel> & ```more```. Return one with berth return web.') } })
    expect(await type('lend nginx')).toBe("You have 3 of 3 leases: &lt;!channel&gt; &amp; '''more'''. Return one with /berth return web.")
  })

  test('is answered within Slack’s three seconds though Temporal does not', async () => {
    const { type, workflows } = stage(), begun = performance.now()
    workflows.set(accountId('mika'), { query: () => desk('mika'), update: () => new Promise(() => undefined) })
    expect(await type('lend nginx')).toMatch(/^Berth has not confirmed this yet/)
    expect(performance.now() - begun).toBeLessThan(3000)
  })

  test('in an organisation’s own installation is its workspace’s', async () => {
    const { type } = stage()
    expect(await type('list', { is_enterprise_install: 'true', enterprise_id: 'E1' })).toContain('web')
  })
})

describe('a button', () => {
  test('extends, and says so beside the card', async () => {
    const { press, acts } = stage()
    expect(await press()).toMatch(/\w/)
    expect(acts()).toMatchObject([{ name: 'extend', arg: { key, requestId: `button-extend-${key}-5000`, by: { uid: 'mika' } } }])
  })

  test('returns for an admin too, who is asked of the directory', async () => {
    const { press, acts } = stage()
    await press({ verb: 'return' }, { user: { id: olga.user, team_id: team } })
    expect(acts()).toMatchObject([{ name: 'release', arg: { by: { uid: 'olga', admin: true } } }])
  })

  test('shows logs in a block', async () => {
    const { press } = stage()
    expect(await press({ verb: 'logs' })).toBe('```\na line\nanother\n```')
  })

  test('in an organisation’s own installation, which names no workspace, is the user’s workspace’s', async () => {
    const { press, acts } = stage()
    await press({ verb: 'return' }, { team: null, is_enterprise_install: true, enterprise: { id: 'E1' } })
    expect(acts()).toMatchObject([{ name: 'release' }])
  })

  test('whose answer cannot be posted has acted all the same', async () => {
    const ear = createSlackEar({ options: { log: () => undefined }, chat: { type: never, submit: never, click: () => Promise.resolve({ text: 'done' }) } })
    const gone = await startSlackPeer()
    await gone.close()
    expect(await ear.interaction({ tenants: [{ team, botToken: 'x', api: gone.api }], said: clickPayload('x', { response_url: gone.hook }), requestId: 'r' })).toEqual({})
  })
})

describe('the form of lend', () => {
  const opened = (): { trigger_id: string; view: { callback_id: string; private_metadata: string; blocks: { block_id: string; optional: boolean }[] } } => {
    const [call] = told().filter(({ path }) => path === '/api/views.open') as [Called]
    expect(call.authorization).toBe('Bearer xoxb-secret')
    return call.body as never
  }
  const open = async (it: ReturnType<typeof stage>) => {
    expect(await it.type('lend')).toMatch(/Fill in the form/)
    return opened().view.private_metadata
  }

  test('opens for the trigger, with the arguments’ own names, and bears a seal for its user alone', async () => {
    const it = stage()
    expect(await it.type(' lend ', { trigger_id: 'a trigger' })).toBe('Fill in the form, or type it all in one line: `/berth lend IMAGE --for 2h`.')
    const { trigger_id, view } = opened()
    expect(trigger_id).toBe('a trigger')
    expect(view).toMatchObject({ type: 'modal', callback_id: 'lend', blocks: [{ block_id: 'image', optional: false }, { block_id: 'for' }, { block_id: 'name' }, { block_id: 'port' }] })
    expect(view.private_metadata.length).toBeLessThan(3000)
    expect(JSON.parse(it.sealed.open('dialog', view.private_metadata)!)).toMatchObject({ verb: 'lend', who: mika } satisfies Partial<DialogContext>)
    expect([it.acts(), it.logged()]).toEqual([[], expect.not.stringContaining(view.private_metadata)])
  })

  test('lends what was filled in, once however often it is sent, and shows the receipt', async () => {
    const it = stage(), state = await open(it)
    for (let n = 0; n < 2; n++) {
      expect(await it.submit(state, { image: 'nginx:1.27', for: '2h', name: null, port: '80 8080' })).toMatchObject({
        response_action: 'update', view: { type: 'modal', blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'Reserved web (nginx:1.27) at main. It will be web.berth.test.' } }] },
      })
    }
    expect(it.acts()).toMatchObject([{ name: 'lend', arg: { image: 'nginx:1.27', forMs: 7_200_000, ports: [80, 8080] } }, { name: 'lend' }])
    expect(it.acts()[0]!.updateId).toMatch(/^dialog-/)
    expect(it.acts()[0]).toEqual(it.acts()[1])
  })

  test('says at the field what is wrong with it', async () => {
    const it = stage(), state = await open(it)
    expect(await it.submit(state, { image: '../etc', for: '1,5h', name: 'WEB!', port: '80 x' })).toEqual({ response_action: 'errors', errors: {
      image: expect.stringContaining('cannot be an image') as string, for: expect.stringContaining('no length of time') as string, name: expect.any(String) as string, port: expect.stringContaining('whole number') as string,
    } })
    expect((await it.submit(state, { image: '', for: null })).errors).toEqual({ image: expect.stringContaining('needs') as string })
    expect(it.acts()).toEqual([])
  })

  test.each<[string, (it: ReturnType<typeof stage>, state: string) => [unknown, Readonly<Record<string, string | null>>, Readonly<Record<string, unknown>>?]]>([
    ['with a made-up state', () => ['{"verb":"lend"}', { image: 'nginx' }]],
    ['without a state', () => [undefined, { image: 'nginx' }]],
    ['with a state that is over', (it, state) => {
      it.pass(601_000)
      return [state, { image: 'nginx' }]
    }],
    ['with the seal of a button', (it) => [it.button({ who: mika }), { image: 'nginx' }]],
    ['by another user', (_, state) => [state, { image: 'nginx' }, { user: { id: olga.user, team_id: team } }]],
    ['by a stranger of a shared channel', (_, state) => [state, { image: 'nginx' }, { user: { id: mika.user, team_id: 'T9' } }]],
    ['of another workspace', (_, state) => [state, { image: 'nginx' }, { team: { id: 'T9' }, user: { id: mika.user, team_id: 'T9' } }]],
  ])('%s lends nothing, and says so where it was', async (_, made) => {
    const it = stage(), answer = await it.submit(...made(it, await open(it)))
    expect(answer).toMatchObject({ response_action: 'update', view: { blocks: [{ text: { text: expect.stringMatching(/too old|Only members|does not know/) as string } }] } })
    expect(it.acts()).toEqual([])
  })

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['another form', { callback_id: 'other' }], ['fields that there are not', { state: { values: { image: { image: { value: 'nginx' } }, member: { member: { value: 'olga' } } } } }],
    ['a field that is a list', { state: { values: { image: { image: { value: ['nginx'] } } } } }], ['no fields', { state: null }], ['odd fields', { state: { values: { image: null, __proto__: { x: 1 } } } }],
  ])('with %s lends nothing', async (_, view) => {
    const it = stage(), state = await open(it), { view: before } = formPayload(state, { image: 'nginx' }) as { view: object }
    expect((await it.submit(state, {}, { view: { ...before, ...view } })).response_action).toBe('errors')
    expect(it.acts()).toEqual([])
  })

  test('without an id lends nothing', async () => {
    const it = stage(), state = await open(it)
    expect((await it.submit(state, {}, { view: { callback_id: 'lend', private_metadata: state, state: { values: { image: { image: { value: 'nginx' } } } } } })).view?.blocks[0]?.text.text).toMatch(/not how Slack sends/)
    expect(it.acts()).toEqual([])
  })

  test('of somebody who was unlinked meanwhile lends nothing', async () => {
    const it = stage(), state = await open(it)
    it.whos.set(linkId(mika), {})
    expect((await it.submit(state, { image: 'nginx' })).view?.blocks[0]?.text.text).toMatch(/linked to nobody/)
    expect(it.acts()).toEqual([])
  })

  test('that Slack does not open leaves the answer to the line, and its reason to the log', async () => {
    const it = stage()
    peer.refuse('expired_trigger_id')
    expect(await it.type('lend')).toMatch(/^lend needs IMAGE, like: \/berth lend/)
    expect(it.log.find(({ what }) => what === 'chat form not opened')).toMatchObject({ level: 'warn', why: 'expired_trigger_id' })
    expect(it.logged()).not.toContain('xoxb-secret')
  })
})

describe('an answer', () => {
  test.each<[string, Parameters<typeof render>[0], string]>([
    ['a sentence', { text: 'Done.' }, 'Done.'],
    ['a table', { text: '', code: 'a  b\n1  2' }, '```\na  b\n1  2\n```'],
    ['both', { text: 'See:', code: 'x' }, 'See:\n```\nx\n```'],
    ['letters that Slack takes for its own', { text: '<!channel> a&b <@U1>', code: '<&>' }, '&lt;!channel&gt; a&amp;b &lt;@U1&gt;\n```\n&lt;&amp;&gt;\n```'],
    ['a fence in the block', { text: '', code: 'a ``` b' }, "```\na ''' b\n```"],
  ])('that is %s', (_, reply, text) => {
    expect(render(reply)).toBe(text)
  })

  test.each<[string, Parameters<typeof render>[0]]>([
    ['a long text', { text: 'x'.repeat(5000) }], ['a long block', { text: 'x', code: 'y'.repeat(5000) }], ['both', { text: '<'.repeat(5000), code: 'y'.repeat(5000) }],
    ['a block of letters that grow', { text: '', code: '<&>'.repeat(2000) }], ['wide letters', { text: '😀'.repeat(3000) }], ['just too much', { text: 'x'.repeat(4001) }],
  ])('that is %s has no more characters than fit, whole letters, and closes its block', (_, reply) => {
    for (const [most, text] of [[4000, render(reply)], [3000, render(reply, 3000)]] as const) {
      expect(text.length).toBeLessThanOrEqual(most)
      expect(text.length).toBeGreaterThan(most - 10)
      expect(text).toContain('…')
      expect(text.isWellFormed()).toBe(true)
      expect(text.replace(/&(amp|lt|gt);/g, '')).not.toMatch(/[&<>]/)
      expect((text.match(/```/g) ?? []).length % 2).toBe(0)
    }
  })

  test('that fits just so is whole', () => {
    expect(render({ text: 'x'.repeat(4000) })).toBe('x'.repeat(4000))
  })
})

test.each<[string, string]>([
  ['<@U012|noah>', '@noah'], ['<@U012>', '@U012'], ['<@U012|@noah>', '@noah'], ['<#C1|general>', '#general'], ['<#C1|>', '#C1'], ['<!here>', '@here'], ['<!subteam^S1|@admins>', '@admins'],
  ['<http://a.b>', 'http://a.b'], ['<http://a.b|a.b>', 'a.b'], ['<https://a.b/c?x=1&amp;y=2>', 'https://a.b/c?x=1&y=2'], ['<mailto:a@b.c|a@b.c>', 'a@b.c'], ['URL=<http://a.b|a.b>', 'URL=a.b'],
  ['&amp;lt;', '&lt;'], ['&lt;@U012&gt;', '<@U012>'], ['a<b>c', 'a<b>c'], ['<', '<'], ['<>', '<>'], ['<b|c>', '<b|c>'], ['&nbsp;', '&nbsp;'], ['nginx:1.27', 'nginx:1.27'], ['', ''],
])('the word %s was typed as %s', (wrapped, typed) => {
  expect(unwrap(wrapped)).toBe(typed)
})

test('the example of a command has the fields that Slack documents', () => {
  expect(Object.keys(commandFields(''))).toEqual(expect.arrayContaining([...new URLSearchParams(official.body).keys()]))
})

const never = (): never => { throw new Error('not asked') }
