/** The attack list's rows for Mattermost, buttons, dialogs, identity and text: each must start, end and tell nothing that it should not. */
import { describe, expect, test } from 'vitest'
import { linkId } from '../../workflows/link/messages.ts'
import { DirectoryUnavailable } from '../../workflows/ports.ts'
import { person } from '../client/fake.ts'
import { alice, chatStage, chief, mattermostToken, recorded } from './stage.ts'

const command = recorded('slash-command-post'), click = recorded('button-post'), dialog = recorded('dialog-submission-post')
const at = command.receivedAt!
const path = '/chat/mattermost/campus/command'

/** The recorded command with other fields; a trigger of its own user and time. */
function typed(text: string, { user = alice.user, sent = at, fields = {}, headers = {} }: {
  user?: string; sent?: number; fields?: Record<string, string | undefined>; headers?: Record<string, string>
} = {}) {
  const form = new URLSearchParams(command.body)
  form.set('text', text)
  form.set('user_id', user)
  form.set('trigger_id', Buffer.from(`abc:${user}:${sent}:signature`).toString('base64'))
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) form.delete(name)
    else form.set(name, value)
  }
  return { headers: { ...command.headers, ...headers }, body: form.toString() }
}
const clicked = (context: unknown, more: object = {}) =>
  ({ headers: click.headers, body: JSON.stringify({ ...JSON.parse(click.body) as object, user_id: alice.user, context, ...more }) })
const submitted = (more: object) => ({ headers: dialog.headers, body: JSON.stringify({ ...JSON.parse(dialog.body) as object, ...more }) })

test('the recorded command lends, once for every delivery', async () => {
  const { send, acts, logged } = chatStage({ now: at })
  for (let n = 0; n < 2; n++) {
    const answer = await send(path, command)
    expect(answer.status).toBe(200)
    expect(answer.json()).toMatchObject({ response_type: 'ephemeral', skip_slack_parsing: true, text: expect.stringContaining('Reserved web (nginx:1.27)') as string })
  }
  const calls = acts()
  expect(calls.map(({ id, name }) => [id, name])).toEqual([['account:mika', 'lend'], ['account:mika', 'lend']])
  expect(calls[0]!.updateId).toBe(calls[1]!.updateId)
  expect(calls[0]!.arg).toMatchObject({ image: 'nginx:1.27', name: 'web', forMs: 7_200_000, ports: [80] })
  for (const secret of [mattermostToken, 'hello world', 'hooks/commands']) expect(logged()).not.toContain(secret)
})

describe('a slash command does nothing', () => {
  test.each<[string, () => Parameters<ReturnType<typeof chatStage>['send']>]>([
    ['with the token in the body only', () => [path, typed('return web', { headers: { authorization: '' } })]],
    ['with the token in the header only', () => [path, typed('return web', { fields: { token: undefined } })]],
    ['with a wrong token', () => [path, typed('return web', { headers: { authorization: 'Token wrong' }, fields: { token: 'wrong' } })]],
    ['with a right token in the header and a wrong one in the body', () => [path, typed('return web', { fields: { token: 'wrong' } })]],
    ['with an empty token', () => [path, typed('return web', { headers: { authorization: 'Token ' }, fields: { token: '' } })]],
    ['of another team than the token’s', () => [path, typed('return web', { fields: { team_id: 'other' } })]],
    ['of a team called __proto__', () => [path, typed('return web', { fields: { team_id: '__proto__' } })]],
    ['of a server that is not configured', () => ['/chat/mattermost/elsewhere/command', typed('return web')]],
    ['by GET', () => [`${path}?${typed('return web').body}`, { method: 'GET', headers: command.headers }]],
    ['a day later', () => [path, typed('return web', { sent: at - 24 * 3_600_000 })]],
    ['six minutes later', () => [path, typed('return web', { sent: at - 6 * 60_000 })]],
    ['from the future', () => [path, typed('return web', { sent: at + 6 * 60_000 })]],
    ['in the name of another user than its trigger’s', () => [path, typed('return web', { fields: { user_id: chief.user } })]],
    ['without a trigger', () => [path, typed('return web', { fields: { trigger_id: undefined } })]],
    ['with a trigger that is none', () => [path, typed('return web', { fields: { trigger_id: 'bm9uc2Vuc2U=' } })]],
    ['as JSON', () => [path, { headers: { ...command.headers, 'content-type': 'application/json' }, body: '{"text":"return web"}' }]],
  ])('%s', async (_what, request) => {
    const { send, calls, log, logged } = chatStage({ now: at })
    const answer = await send(...request())
    expect(answer.status).toBe(200)
    expect(answer.json().text).toMatch(/not (?:registered|know|how)|too old|POST/)
    expect(calls).toEqual([])
    expect(log.some(({ what }) => what === 'chat refused')).toBe(true)
    for (const secret of [mattermostToken, 'bot-secret']) expect(logged() + answer.text).not.toContain(secret)
  })

  test('larger than a request may be', async () => {
    const { send, calls } = chatStage({ now: at }), long = typed('x'.repeat(120_000))
    const answer = await send(path, { ...long, headers: { ...long.headers, 'content-length': String(long.body.length) } })
    expect(answer).toMatchObject({ status: 200 })
    expect(answer.json().text).toContain('too long')
    expect(calls).toEqual([])
  })
})

describe('a button', () => {
  test('with its seal acts once for a double click, also in a direct message where there is no team', async () => {
    const { send, acts, button } = chatStage({ now: at }), context = { sealed: button() }
    for (let n = 0; n < 2; n++) {
      const answer = await send('/chat/mattermost/campus/action', clicked(context, { team_id: '', team_domain: '', trigger_id: `t${n}` }))
      expect(answer).toMatchObject({ status: 200 })
      expect(answer.json().ephemeral_text).toContain('Lent until later.')
    }
    const calls = acts()
    expect(calls.map(({ name }) => name)).toEqual(['extend', 'extend'])
    expect((calls[0]!.arg as { requestId: string }).requestId).toBe((calls[1]!.arg as { requestId: string }).requestId)
    expect(calls[0]!.updateId).toBe(calls[1]!.updateId)
  })

  test.each<[string, (of: ReturnType<typeof chatStage>) => unknown]>([
    ['as it was recorded, unsealed', () => (JSON.parse(click.body) as { context: unknown }).context],
    ['without a context', () => undefined],
    ['with a made-up context', () => ({ sealed: 'k1.AAAA', verb: 'return', lease: 'web' })],
    ['whose context is a list', () => ({ sealed: ['a'] })],
    ['with a seal of another user', ({ button }) => ({ sealed: button({ who: { ...alice, user: 'somebody' } }) })],
    ['with a seal of another server', ({ button }) => ({ sealed: button({ who: { ...alice, tenant: 'elsewhere' } }) })],
    ['with a seal of another platform', ({ button }) => ({ sealed: button({ who: { ...alice, platform: 'slack' } }) })],
    ['with a seal that has expired', ({ button, now }) => ({ sealed: button({ exp: now() - 1 }) })],
    ['with a seal without an end', ({ seal }) => ({ sealed: seal('button', { verb: 'return', lease: 'web', who: alice }) })],
    ['with a verb that no button has', ({ seal, now }) => ({ sealed: seal('button', { verb: 'hold', lease: 'web', who: alice, exp: now() + 1e6 }) })],
    ['with a dialog’s state for its seal', ({ seal, now }) => ({ sealed: seal('dialog', { verb: 'return', lease: 'web', who: alice, exp: now() + 1e6 }) })],
    ['with a link’s seal', ({ seal, now }) => ({ sealed: seal('link', { verb: 'return', lease: 'web', who: alice, exp: now() + 1e6 }) })],
    ['with a seal whose key was retired and dropped', ({ button, sealed }) => {
      const context = { sealed: button() }
      sealed.seals.keys.clear()
      sealed.seals.keys.set('k2', Buffer.alloc(32, 7))
      sealed.seals.current = 'k2'
      return context
    }],
    ['with a seal that was cut', ({ button }) => ({ sealed: button().slice(0, -4) })],
    ['of a lease that is not there any more', ({ button }) => ({ sealed: button({ lease: 'z'.repeat(20) }) })],
    ['of an end that is no longer the lease’s', ({ button }) => ({ sealed: button({ until: 4_000 }) })],
  ])('does nothing %s', async (_what, make) => {
    const it = chatStage({ now: at }), answer = await it.send('/chat/mattermost/campus/action', clicked(make(it)))
    expect(answer.status).toBe(200)
    expect(answer.json().ephemeral_text).toBeTruthy()
    expect(it.acts()).toEqual([])
  })

  test('of somebody else does nothing, unless an admin of Berth clicks', async () => {
    const it = chatStage({ now: at, links: { [linkId({ ...alice, user: 'noahs' })]: { linked: { uid: 'noah', uuid: 'uuid-noah', since: 1 } } } })
    const context = { sealed: it.button() }
    expect((await it.send('/chat/mattermost/campus/action', clicked(context, { user_id: 'noahs' }))).json().ephemeral_text).toContain('Only whoever borrowed it')
    expect((await it.send('/chat/mattermost/campus/action', clicked(context, { user_id: 'unlinked' }))).json().ephemeral_text).toContain('linked to nobody')
    expect(it.acts()).toEqual([])
  })

  test('that is no JSON, or names no user, is answered in words', async () => {
    const it = chatStage({ now: at })
    for (const body of ['{', '[]', 'null', '{"user_id":7}']) {
      expect((await it.send('/chat/mattermost/campus/action', { headers: click.headers, body })).json().ephemeral_text).toContain('not how Mattermost')
    }
    expect(it.acts()).toEqual([])
  })
})

describe('a dialog', () => {
  const good = (it: ReturnType<typeof chatStage>) => it.seal('dialog', { verb: 'lend', who: alice, id: 'd1', exp: it.now() + 60_000 })

  test('with its state lends once, however often it is submitted', async () => {
    const it = chatStage({ now: at }), state = good(it)
    for (let n = 0; n < 2; n++) expect((await it.send('/chat/mattermost/campus/dialog', submitted({ state, submission: { image: 'nginx', for: '2h', name: '', port: '80 81' } }))).status).toBe(200)
    expect(it.acts().map(({ name }) => name)).toEqual(['lend', 'lend'])
    expect(it.acts()[0]!.arg).toMatchObject({ image: 'nginx', forMs: 7_200_000, ports: [80, 81] })
    expect((it.acts()[0]!.arg as { key: string }).key).toBe((it.acts()[1]!.arg as { key: string }).key)
  })

  test.each<[string, (it: ReturnType<typeof chatStage>) => object]>([
    ['as it was recorded, unsealed', () => ({})],
    ['with a made-up state', () => ({ state: 'k1.AAAA', submission: { image: 'nginx' } })],
    ['without a state', () => ({ state: undefined, submission: { image: 'nginx' } })],
    ['with a button’s seal', (it) => ({ state: it.button(), submission: { image: 'nginx' } })],
    ['with the state of another user', (it) => ({ state: it.seal('dialog', { verb: 'lend', who: chief, id: 'd1', exp: it.now() + 1e6 }), submission: { image: 'nginx' } })],
    ['that has expired', (it) => ({ state: it.seal('dialog', { verb: 'lend', who: alice, id: 'd1', exp: it.now() - 1 }), submission: { image: 'nginx' } })],
    ['with another callback_id', (it) => ({ state: good(it), callback_id: 'admin', submission: { image: 'nginx' } })],
    ['with a submission that is a list', (it) => ({ state: good(it), submission: ['nginx'] })],
    ['with fields that the form does not have', (it) => ({ state: good(it), submission: { image: 'nginx', member: 'olga' } })],
    ['with a length that cannot be read', (it) => ({ state: good(it), submission: { image: 'nginx', for: '1,5h' } })],
    ['with a field that is no text', (it) => ({ state: good(it), submission: { image: { a: 1 } } })],
    ['that was cancelled', (it) => ({ state: good(it), submission: { image: 'nginx' }, cancelled: true })],
  ])('does nothing %s', async (_what, make) => {
    const it = chatStage({ now: at })
    expect((await it.send('/chat/mattermost/campus/dialog', submitted(make(it)))).status).toBe(200)
    expect(it.acts()).toEqual([])
  })

  test('says at each field what is wrong with it', async () => {
    const it = chatStage({ now: at })
    const answer = await it.send('/chat/mattermost/campus/dialog', submitted({ state: good(it), submission: { image: 'nginx', for: 'soon', name: 'Web!', port: '99999' } }))
    expect(Object.keys(answer.json().errors!)).toEqual(['for', 'name', 'port'])
  })
})

describe('who somebody is', () => {
  test('is never a name: one renamed to an admin’s stays who he was linked to', async () => {
    const it = chatStage({ now: at })
    const answer = await it.send(path, typed('admin board', { fields: { user_name: 'olga' } }))
    expect(answer.json().text).toContain('There is no command')
    expect(it.acts()).toEqual([])
  })

  test('must be linked: somebody unlinked gets a page to sign in at, and nothing else', async () => {
    const it = chatStage({ now: at })
    const answer = await it.send(path, typed('return web', { user: 'stranger1' }))
    expect(answer.json().text).toMatch(/https:\/\/berth\.example\.org\/link\/\S+ within ten minutes/)
    expect(it.acts()).toEqual([])
    expect(it.calls).toMatchObject([{ name: 'begin', id: linkId({ ...alice, user: 'stranger1' }), arg: { line: 'return web' } }])
    expect(it.logged()).not.toContain('/link/')
  })

  test.each<[string, (it: ReturnType<typeof chatStage>) => void, string]>([
    ['locked after the link', ({ directory }) => { directory.people[0] = person('mika', { disabled: true }) }, 'disabled'],
    ['gone from the directory', ({ directory }) => { directory.people.shift() }, 'not in the directory'],
    ['another person under the same name', ({ directory }) => { directory.people[0] = person('mika', { uuid: 'another' }) }, 'not in the directory'],
    ['no longer linked', ({ whos }) => { whos.set(linkId(alice), {}) }, 'Link your directory account'],
  ])('is asked each time: %s', async (_what, change, says) => {
    const it = chatStage({ now: at })
    change(it)
    const answer = await it.send(path, typed('return web'))
    expect(answer.json().text).toContain(says)
    expect(it.acts()).toEqual([])
  })

  test('counts for admin verbs by group at that moment, and not while the directory is away', async () => {
    const it = chatStage({ now: at })
    expect((await it.send(path, typed('help', { user: chief.user }))).json().text).toContain('admin board')
    expect((await it.send(path, typed('help'))).json().text).not.toContain('admin')
    it.directory.people[2] = person('olga')
    it.pass(31_000)
    expect((await it.send(path, typed('help', { user: chief.user }))).json().text).not.toContain('admin')
    it.directory.people[2] = person('olga', { groups: ['admins'] })
    it.directory.find = () => Promise.reject(new DirectoryUnavailable('away'))
    expect((await it.send(path, typed('admin board', { user: chief.user }))).json().text).toContain('There is no command')
    expect(it.acts()).toEqual([])
  })

  test('does not open a suggestion of an admin’s verb to others', async () => {
    const it = chatStage({ now: at })
    for (const near of ['hodl', 'admi', 'bord']) expect((await it.send(path, typed(near))).json().text).not.toMatch(/hold|admin|board/)
  })
})

describe('a text', () => {
  test.each([
    '$HOME', 'lend $HOME', 'lend nginx; rm -rf *', 'lend nginx --name "unbalanced', 'lend "', 'lend nginx --name ""', 'lend nginx --name ```x```',
    'lend nginx --__proto__.polluted 1', 'lend nginx --constructor x', 'lend nginx\nreturn web', 'lend nginx --for 1,5h', 'lend nginx --for 2', 'lend nginx --for -5m',
    'lend nginx --for 1e9h', 'lend nginx --for soon', 'lend nginx --for 2hh', 'lend nginx --for 2時間', 'lend nginx --for ７日', 'lend nginx --for 1M', 'lend nginx --for 3mo',
    'lend nginx --port 99999', 'lend nginx --port 80 --port 80', 'lend nginx --env NOVALUE', 'returm web', 'login', 'completion bash', '| cat /etc/passwd',
  ])('like %j is refused in words, and does nothing', async (text) => {
    const it = chatStage({ now: at })
    const answer = await it.send(path, typed(text))
    expect(answer.status).toBe(200)
    expect(answer.json().text).toMatch(/\S/)
    expect(answer.json().text).not.toMatch(/at \/|Error|undefined|```[^]*```[^]*```/)
    expect(it.acts()).toEqual([])
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test.each([
    ['lend nginx —name web', { name: 'web' }], ['lend nginx --env “GREETING=hello world”', { image: 'nginx' }], ['lend\u00a0nginx', { image: 'nginx' }], ['  lend   nginx  ', { image: 'nginx' }],
  ])('that a phone has bent, like %j, means what was meant', async (text, wish) => {
    const it = chatStage({ now: at })
    await it.send(path, typed(text))
    expect(it.acts()).toMatchObject([{ name: 'lend', arg: wish }])
  })

  test.each(['', ' ', 'help', '--help'])('%j shows help', async (text) => {
    const it = chatStage({ now: at })
    expect((await it.send(path, typed(text))).json().text).toContain('lend')
    expect(it.acts()).toEqual([])
  })

  test('names commands as they are typed in a chat', async () => {
    const it = chatStage({ now: at })
    expect((await it.send(path, typed('status nothing-there'))).json().text).toContain('/berth list')
  })
})
