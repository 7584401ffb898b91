/** Slack's own framework as an oracle: what it reads in a request, and how its answers look. */
import type { AddressInfo } from 'node:net'
import { App, HTTPReceiver, LogLevel, type RespondArguments, type ViewResponseAction } from '@slack/bolt'
import fc from 'fast-check'
import { Hono } from 'hono'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Chat } from '../../client/gateway/chat/chat.ts'
import type { Reply } from '../../client/gateway/chat/reply.ts'
import { doneView, fieldsOf, formView } from '../../client/gateway/chat/slack/form.ts'
import { ephemeral } from '../../client/gateway/chat/slack/render.ts'
import { slackRoutes } from '../../client/gateway/chat/slack/routes.ts'
import type { Env } from '../../client/gateway/env.ts'
import { defaultOptions } from '../../client/gateway/options.ts'
import { clickPayload, commandBody, formPayload, official, payloadBody, signed, type SignedRequest } from './slackSigned.ts'

const team = 'T1DC2JH3J', reply: Reply = { text: 'Reserved web.', code: 'a < b' }, errors = { image: 'This is no image.' }
/** Where nobody listens. */
const nowhere = 'http://127.0.0.1:1/hooks/x'
/** What was read, by whom. */
let theirs: unknown[] = [], mine: unknown[] = []

const chat: Chat = {
  type: ({ user, line }) => {
    mine.push({ user: user.user, team: user.tenant, line })
    return Promise.resolve(reply)
  },
  click: ({ user, context }) => {
    mine.push({ user: user.user, team: user.tenant, context })
    return Promise.resolve(reply)
  },
  submit: ({ user, state, fields }) => {
    mine.push({ user: user.user, team: user.tenant, state, fields })
    return Promise.resolve(fields['image'] === 'bad' ? { errors } : { reply })
  },
}
const berth = new Hono<Env>().route('/', slackRoutes({ chat, tenants: [{ team, signingSecret: official.secret, botToken: 'xoxb', api: 'http://127.0.0.1:1/api/' }], options: { ...defaultOptions, log: () => undefined } }))

const receiver = new HTTPReceiver({ signingSecret: official.secret, endpoints: ['/command', '/interact'], logLevel: LogLevel.ERROR })
const app = new App({ receiver, logLevel: LogLevel.ERROR, authorize: () => Promise.resolve({ botToken: 'xoxb', botId: 'B1', botUserId: 'UBERTH' }) })
app.command('/berth', async ({ ack, command }) => {
  theirs.push({ user: command.user_id, team: command.team_id, line: command.text })
  await ack(ephemeral(reply))
})
app.action({ type: 'block_actions' }, async ({ ack, body, payload }) => {
  theirs.push({ user: body.user.id, team: body.team?.id, context: 'value' in payload ? payload.value : undefined })
  await ack()
})
app.view('lend', async ({ ack, body, view }) => {
  theirs.push({ user: body.user.id, team: body.team?.id, state: view.private_metadata, fields: Object.fromEntries(Object.entries(view.state.values).map(([name, block]) => [name, block[name]?.value ?? null])) })
  const answer = ack as (view: ViewResponseAction) => Promise<void>
  await (view.state.values['image']?.['image']?.value === 'bad' ? answer({ response_action: 'errors', errors }) : answer(doneView(reply)))
})

let bolt = ''
beforeAll(async () => {
  const server = await app.start(0) as { address(): AddressInfo }
  bolt = `http://127.0.0.1:${server.address().port}`
})
afterAll(() => app.stop())
beforeEach(() => {
  theirs = []
  mine = []
})

/** The same request to both. */
async function both(path: string, { body, headers }: SignedRequest) {
  const shown = async (response: Response) => {
    const text = await response.text()
    return { status: response.status, json: /^application\/json/.test(response.headers.get('content-type') ?? ''), body: text.startsWith('{') ? JSON.parse(text) as unknown : text }
  }
  return { bolt: await fetch(`${bolt}${path}`, { method: 'POST', body, headers }).then(shown), berth: await Promise.resolve(berth.request(path, { method: 'POST', body, headers })).then(shown) }
}

test('a command is read and answered alike', async () => {
  const answers = await both('/command', signed(commandBody('list --all'), { at: Date.now() }))
  expect(answers.berth).toEqual({ status: 200, json: true, body: { response_type: 'ephemeral', text: 'Reserved web.\n```\na &lt; b\n```' } satisfies RespondArguments })
  expect(answers.bolt).toMatchObject({ status: 200, body: answers.berth.body })
  expect(mine).toEqual([{ user: 'U2CERLKJA', team, line: 'list --all' }])
  expect(theirs).toEqual(mine)
})

test('a click is read and acknowledged alike', async () => {
  const answers = await both('/interact', signed(payloadBody(clickPayload('k1.sealed', { response_url: nowhere })), { at: Date.now() }))
  expect(answers.berth).toMatchObject({ status: 200, body: '' })
  expect(answers.bolt).toMatchObject({ status: 200, body: '' })
  expect(mine).toEqual([{ user: 'U2CERLKJA', team, context: 'k1.sealed' }])
  expect(theirs).toEqual(mine)
})

test.each(['nginx', 'bad'])('a form with the image %s is read and answered alike', async (image) => {
  const answers = await both('/interact', signed(payloadBody(formPayload('state', { image, for: null, name: 'web', port: '80' })), { at: Date.now() }))
  expect(answers.berth).toMatchObject({ status: 200, json: true })
  expect(answers.bolt).toMatchObject({ status: 200, body: answers.berth.body })
  expect(mine).toEqual([{ user: 'U2CERLKJA', team, state: 'state', fields: { image, for: null, name: 'web', port: '80' } }])
  expect(theirs).toEqual(mine)
})

test.each<[string, () => SignedRequest]>([
  ['with a wrong secret', () => signed(commandBody('list'), { at: Date.now(), secret: 'wrong' })],
  ['that is old', () => signed(commandBody('list'), { at: Date.now() - 302_000 })],
  ['with another body', () => ({ ...signed(commandBody('list'), { at: Date.now() }), body: commandBody('return web') })],
  ['without a signature', () => ({ body: commandBody('list'), headers: { 'content-type': 'application/x-www-form-urlencoded' } })],
])('a request %s is refused alike, and by both with 401', async (_, request) => {
  const answers = await both('/command', request())
  expect([answers.bolt.status, answers.berth.status]).toEqual([401, 401])
  expect([theirs, mine]).toEqual([[], []])
})

test('a probe of the certificate is answered alike, and nothing of it is used', async () => {
  const answers = await both('/command', { body: `ssl_check=1&${commandBody('return web')}`, headers: { 'content-type': 'application/x-www-form-urlencoded' } })
  expect([answers.bolt.status, answers.berth.status]).toEqual([200, 200])
  expect([theirs, mine]).toEqual([[], []])
})

test('any text, user and value is read alike', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 60 }).map((one) => one.toWellFormed())
  await fc.assert(fc.asyncProperty(text, fc.stringMatching(/^[UW][A-Z0-9]{3,10}$/), text, async (line, user, value) => {
    theirs = []
    mine = []
    // `lend` alone opens a form instead.
    await both('/command', signed(commandBody(`x${line}`, { user_id: user }), { at: Date.now() }))
    await both('/interact', signed(payloadBody(clickPayload(value, { user: { id: user, team_id: team }, response_url: nowhere })), { at: Date.now() }))
    await both('/interact', signed(payloadBody(formPayload(value, { image: line, for: value })), { at: Date.now() }))
    expect(theirs).toHaveLength(3)
    expect(mine).toEqual(theirs)
  }), { numRuns: 60, seed: 7 })
})

test('the form has the shape that Slack’s types ask for', () => {
  const view: Extract<ViewResponseAction, { response_action: 'update' }>['view'] = formView('state')
  expect(view.private_metadata).toBe('state')
  expect(fieldsOf({ values: Object.fromEntries(formView('s').blocks.map(({ block_id, element }) => [block_id, { [element.action_id]: { type: element.type, value: 'x' } }])) })).toEqual({ image: 'x', for: 'x', name: 'x', port: 'x' })
})
