/** What a chat reads when something is slow, away, asked again, or told in another zone. */
import { expect, test } from 'vitest'
import { accountId } from '../../workflows/contract.ts'
import { linkId } from '../../workflows/link/messages.ts'
import { DirectoryUnavailable } from '../../workflows/ports.ts'
import { desk, held, leaseStatus, webId } from '../client/fake.ts'
import { startMattermostServer } from './mattermostServer.ts'
import { alice, chatStage, mattermostTeam, mattermostToken } from './stage.ts'

const command = (text: string, { trigger = 'abc', at = Date.now() } = {}) => ({
  headers: { authorization: `Token ${mattermostToken}`, 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({
    team_id: mattermostTeam, token: mattermostToken, user_id: alice.user, text, trigger_id: Buffer.from(`${trigger}:${alice.user}:${at}:s`).toString('base64'),
  }).toString(),
})
const path = '/chat/mattermost/campus/command'

test('a lend that cannot be confirmed in time says so, and what to do; it is not said to be accepted', async () => {
  const it = chatStage({ settings: { answerMs: 100 } }), gate = Promise.withResolvers<unknown>()
  it.workflows.set(accountId('mika'), { query: () => desk('mika'), update: () => gate.promise })
  const began = performance.now(), { text } = (await it.send(path, command('lend nginx'))).json()
  expect(performance.now() - began).toBeLessThan(1_000)
  expect(text).toContain('not confirmed')
  expect(text).toContain('/berth list')
  expect(text).not.toMatch(/reserved|accepted/i)
  gate.resolve({ key: 'k', leaseId: 'l', name: 'web', label: 'web', fqdn: 'f', site: 's', image: 'i', forMs: 1 })
})

test('while Temporal is away everybody is told to try later, without a word of why', async () => {
  const it = chatStage()
  const away = () => { throw Object.assign(new Error('14 UNAVAILABLE: 10.0.0.9:7233'), { code: 14, details: '', metadata: {} }) }
  for (const id of it.whos.keys()) it.workflows.set(id, { query: away, update: away })
  for (const line of ['lend nginx', 'list', 'return web']) {
    const { status, text } = await it.send(path, command(line))
    expect(status).toBe(200)
    expect(text).toContain('try the same again')
    expect(text).not.toContain('10.0.0.9')
  }
  expect(it.acts()).toEqual([])
})

test('while the directory is away what is lent can be seen and given back, for that takes nothing', async () => {
  const it = chatStage()
  it.directory.find = () => Promise.reject(new DirectoryUnavailable('ldap: 10.0.0.7'))
  expect((await it.send(path, command('list'))).json().text).toContain('web')
  expect((await it.send(path, command('return web'))).json().text).toContain('web is given back')
})

test('a request that changed something is answered the same when it comes again, on whichever gateway', async () => {
  const it = chatStage(), first = (await it.send(path, command('return web'))).json().text
  expect(first).toContain('web is given back')
  const told = it.calls.find(({ name }) => name === 'answered')!
  expect(told).toMatchObject({ id: linkId(alice), arg: { text: first } })
  // What the link would say of it from now on.
  const { request, ...answered } = told.arg as { request: string; text: string }
  it.workflows.set(linkId(alice), { query: () => ({ ...it.whos.get(linkId(alice)), answered }), update: () => undefined })
  it.workflows.set(accountId('mika'), { query: () => desk('mika'), update: () => undefined })
  expect((await it.send(path, command('return web'))).json().text).toBe(first)
  expect(it.acts().filter(({ name }) => name === 'release')).toHaveLength(1)
  expect(request).toHaveLength(43)
})

test('a “no” to something that would have changed is kept too, and one that may pass is not', async () => {
  const it = chatStage()
  await it.send(path, command('return nothing-there'))
  expect(it.calls.map(({ name }) => name)).toEqual(['answered'])
  const other = chatStage()
  other.workflows.set(webId, { query: () => leaseStatus(), update: () => { throw Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: '', metadata: {} }) } })
  await other.send(path, command('return web'))
  expect(other.calls.map(({ name }) => name)).toEqual(['release'])
})

test('moments are told by the reader’s own clock', async () => {
  const it = chatStage(), until = Date.parse('2026-11-29T12:30:00Z')
  it.whos.set(linkId(alice), { ...it.whos.get(linkId(alice))!, timeZone: 'Asia/Tokyo' })
  it.workflows.set(webId, { query: () => leaseStatus({ until }), update: () => ({ until, sentence: 'Lent until 2026-11-29 12:30 UTC.' }) })
  expect((await it.send(path, command('list'))).json().text).toContain('2026-11-29 21:30')
  expect((await it.send(path, command('extend web'))).json().text).toBe('Lent until 2026-11-29 21:30.')
  it.whos.set(linkId(alice), { ...it.whos.get(linkId(alice))!, timeZone: 'Nowhere/Land' })
  expect((await it.send(path, command('extend web', { trigger: 'other' }))).json().text).toBe('Lent until 2026-11-29 12:30 UTC.')
})

test('a server whose configuration was removed is told so, and its old buttons do nothing', async () => {
  const it = chatStage({ settings: { mattermost: [] } })
  expect((await it.send(path, command('return web'))).json().text).toContain('does not know this Mattermost server')
  const click = await it.send('/chat/mattermost/campus/action', { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user_id: alice.user, context: { sealed: it.button() } }) })
  expect(click.json().ephemeral_text).toContain('does not know this Mattermost server')
  expect(it.calls).toEqual([])
})

test('at most eight changes of one member are under way, as at every door', async () => {
  const it = chatStage({ settings: { answerMs: 5_000 } }), gate = Promise.withResolvers<void>()
  it.workflows.set(accountId('mika'), { query: () => desk('mika', { leases: [held] }), update: async () => {
    await gate.promise
    return { key: 'k', leaseId: webId, name: 'x', label: 'x', fqdn: 'f', site: 's', image: 'i', forMs: 1 }
  } })
  const eight = Array.from({ length: 8 }, (_, n) => it.send(path, command(`lend nginx --name n${n}`, { trigger: `t${n}` })))
  while (it.calls.filter(({ name }) => name === 'lend').length < 8) await new Promise((done) => setImmediate(done))
  expect((await it.send(path, command('lend nginx --name ninth', { trigger: 't9' }))).json().text).toContain('8 requests under way')
  gate.resolve()
  for (const one of await Promise.all(eight)) expect(one.json().text).toContain('Reserved')
})

test('a log line says who asked what of which workflow, and nothing of what was typed', async () => {
  const it = chatStage()
  await it.send(path, command('lend nginx --env TOKEN=kept-to-itself'))
  expect(it.log).toContainEqual(expect.objectContaining({
    what: 'chat line', platform: 'mattermost', tenant: 'campus', user: alice.user, member: 'mika', command: 'lend', workflow: webId, outcome: 'done',
    requestId: expect.stringMatching(/^[\w-]{43}$/) as string,
  }))
  expect(it.logged()).not.toContain('kept-to-itself')
})

test('a button that was shown anew acts anew: a lease may be paused and resumed twice with one end', async () => {
  const it = chatStage(), press = (exp: number, trigger: string) => it.send('/chat/mattermost/campus/action', {
    headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user_id: alice.user, trigger_id: trigger, context: { sealed: it.button({ verb: 'resume', exp }) } }),
  })
  for (const [exp, trigger] of [[it.now() + 1e6, 't1'], [it.now() + 1e6, 't2'], [it.now() + 2e6, 't3']] as const) expect((await press(exp, trigger)).status).toBe(200)
  const ids = it.acts().filter(({ name }) => name === 'mayResume').map(({ updateId }) => updateId)
  expect(ids).toHaveLength(3)
  expect(ids[0]).toBe(ids[1])
  expect(ids[2]).not.toBe(ids[0])
})

test('lend alone opens a form for somebody who is linked, and for nobody else', async () => {
  const server = await startMattermostServer()
  try {
    const it = chatStage({ settings: { mattermost: [{ name: 'campus', url: server.url, botToken: server.botToken, commandTokens: { [mattermostTeam]: mattermostToken } }] } })
    const typed = (user: string) => {
      const { headers, body } = command('lend'), form = new URLSearchParams(body)
      form.set('user_id', user)
      form.set('trigger_id', server.trigger(user))
      return it.send(path, { headers, body: form.toString() })
    }
    expect((await typed('nobody1')).json().text).toContain('lend needs IMAGE')
    expect(server.dialogs).toEqual([])
    expect((await typed(alice.user)).json().text).toContain('Fill in the form')
    expect(server.dialogs).toMatchObject([{ url: 'https://berth.example.org/chat/mattermost/campus/dialog', dialog: { callback_id: 'lend', state: expect.stringMatching(/^k1\./) as string } }])
    // When it cannot be opened the line is answered as any other.
    server.down = true
    expect((await typed(alice.user)).json().text).toContain('lend needs IMAGE')
    expect(it.log).toContainEqual(expect.objectContaining({ level: 'warn', what: 'chat form not opened', platform: 'mattermost', tenant: 'campus', why: 'TypeError' }))
    expect(it.logged()).not.toContain(server.botToken)
  } finally {
    await server.close()
  }
})

test('a word to link, and the code that finishes it, are one for every delivery', async () => {
  const it = chatStage()
  it.whos.set(linkId(alice), {})
  const at = Date.now()
  for (const line of ['link', 'link', 'link bcdf-ghjk', 'link bcdf-ghjk']) await it.send(path, command(line, { trigger: line.length > 4 ? 'code' : 'word', at }))
  const [begun, again, finished, twice] = it.calls.filter(({ name }) => name === 'begin' || name === 'finish')
  expect([begun?.name, finished?.name]).toEqual(['begin', 'finish'])
  expect(again).toMatchObject({ updateId: begun!.updateId, arg: { attempt: (begun!.arg as { attempt: string }).attempt } })
  expect(twice!.updateId).toBe(finished!.updateId)
  expect(finished!.updateId).toMatch(/^finish-[\w-]{43}$/)
})
