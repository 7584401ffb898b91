/**
 * Slack's Web API for tests: `emulate` 0.12.2 behind a server that steers and records. What `emulate` does not do is done
 * here: the kinds of `users.info` (deleted, guests, strangers, time zones), which it has no seed for; Slack's limits of Block
 * Kit, which it does not check; and the refusal of a token that nobody has, which it takes for a user's. Messages, edits,
 * deletions, histories and scopes are its own.
 */
import { randomBytes } from 'node:crypto'
import { createEmulator } from 'emulate'
import { type Answer, json, startSteered, type Steered } from './steered.ts'

/** A message as a member's own client reads it. */
export interface SlackMessage {
  readonly ts: string
  readonly text: string
  readonly blocks?: readonly SlackBlock[]
  readonly metadata?: { readonly event_type: string; readonly event_payload: Readonly<Record<string, unknown>> }
}

export interface SlackBlock {
  readonly type: string
  readonly text?: { readonly type: string; readonly text: string }
  readonly elements?: readonly {
    readonly type: string; readonly action_id: string; readonly value: string; readonly style?: string
    readonly text: { readonly text: string }
    readonly confirm?: { readonly title: { readonly text: string }; readonly text: { readonly text: string }; readonly confirm: { readonly text: string }; readonly deny: { readonly text: string } }
  }[]
}

export interface SlackApi extends Omit<Steered, 'url'> {
  /** With `/api/` at its end, as `api` of a tenant. */
  readonly url: string
  readonly team: string
  readonly botToken: string
  readonly botUser: string
  /** User ids of the members, in the order of their names. */
  readonly members: readonly string[]
  /** What `users.info` says of a user beside what `emulate` knows. */
  readonly more: Map<string, Readonly<Record<string, unknown>>>
  /** Where a member's direct messages with the bot are. */
  channel(user: string): Promise<string>
  /** What is there, read with the member's own token; the oldest first. */
  room(user: string): Promise<readonly SlackMessage[]>
  delete(channel: string, ts: string): Promise<void>
}

export interface SlackApiOptions {
  /** So many members, `member1`, `member2`, …; default 3. */
  readonly members?: number
  /** E-mail addresses of the first of them; a token without users:read.email is shown none. */
  readonly mails?: readonly string[]
  /** Of the bot's token; default those that posting needs. */
  readonly scopes?: readonly string[]
}

const team = 'T000000001', botUser = 'U0BERTHBOT'

export async function startSlackApi({ members = 3, mails = [], scopes = ['chat:write', 'im:write', 'im:history', 'users:read'] }: SlackApiOptions = {}): Promise<SlackApi> {
  const names = Array.from({ length: members }, (_, n) => `member${n + 1}`)
  const secret = () => randomBytes(12).toString('hex')
  const botToken = `xoxb-${secret()}`, tokens = new Map(names.map((name) => [name, `xoxp-${secret()}`]))
  const emulator = await createEmulator({ service: 'slack', port: 0, seed: { slack: {
    team: { name: 'Berth', domain: 'berth' }, strict_scopes: true,
    users: names.map((name, n) => ({ name, real_name: `Member ${name}`, ...(mails[n] !== undefined && { email: mails[n] }) })),
    oauth_apps: [{ client_id: 'berth', client_secret: secret(), name: 'Berth', redirect_uris: [], scopes: [...scopes], bot_user_id: botUser, bot_name: 'berth' }],
    tokens: [
      { token: botToken, user_id: botUser, type: 'bot', scopes: [...scopes] },
      ...names.map((name) => ({ token: tokens.get(name), user: name, type: 'user', scopes: ['im:history', 'im:write', 'users:read'] })),
    ],
  } } })
  const inner = `http://127.0.0.1:${new URL(emulator.url).port}`

  const ask = async <T>(token: string, method: string, form: Record<string, string>): Promise<T> => {
    const response = await fetch(`${inner}/api/${method}`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: new URLSearchParams(form) })
    const answer = await response.json() as { readonly ok: boolean; readonly error?: string }
    if (!answer.ok) throw new Error(`emulate ${method}: ${answer.error}`)
    return answer as T
  }
  const { members: all } = await ask<{ readonly members: readonly { readonly id: string; readonly name: string }[] }>(tokens.get(names[0]!)!, 'users.list', { limit: '1000' })
  const ids = new Map(names.map((name) => [name, all.find((user) => user.name === name)!.id]))
  const tokenOf = (user: string) => tokens.get([...ids].find(([, id]) => id === user)![0])!

  const channelOf = async (user: string) =>
    (await ask<{ readonly channel: { readonly id: string } }>(tokenOf(user), 'conversations.open', { users: botUser })).channel.id

  const more: SlackApi['more'] = new Map()
  const steered = await startSteered({
    async answer({ path, headers, body }) {
      const method = path.replace(/^\/api\//, ''), form = new URLSearchParams(body)
      if (![botToken, ...tokens.values()].some((token) => headers.authorization === `Bearer ${token}`)) return json(200, { ok: false, error: 'invalid_auth' })
      if ((method === 'chat.postMessage' || method === 'chat.update') && tooMuch(form.get('blocks'))) return json(200, { ok: false, error: 'invalid_blocks' })
      const response = await fetch(`${inner}${path}`, {
        method: 'POST', headers: { 'content-type': headers['content-type'] ?? '', ...(headers.authorization !== undefined && { authorization: headers.authorization }) }, body,
      })
      return method === 'users.info' ? withMore(await response.text(), more) : { status: response.status, headers: { 'content-type': 'application/json' }, body: await response.text() }
    },
    limited: (seconds) => json(429, { ok: false, error: 'ratelimited' }, { 'retry-after': String(seconds) }),
  })
  return Object.assign(steered, {
    url: `${steered.url}/api/`, team, botToken, botUser, members: [...ids.values()], more,
    channel: channelOf,
    async room(user: string) {
      const { messages } = await ask<{ readonly messages: readonly SlackMessage[] }>(tokenOf(user), 'conversations.history', { channel: await channelOf(user), limit: '200', include_all_metadata: 'true' })
      return messages.toReversed()
    },
    async delete(channel: string, ts: string) {
      await ask(botToken, 'chat.delete', { channel, ts })
    },
    close: closing(steered.close, () => emulator.close()),
  })
}

const closing = (...parts: readonly (() => Promise<void>)[]) => async () => void await Promise.all(parts.map((part) => part()))

function withMore(text: string, more: SlackApi['more']): Answer {
  const answer = JSON.parse(text) as { readonly ok: boolean; readonly user?: { readonly id: string } }
  return json(200, answer.user ? { ...answer, user: { ...answer.user, ...more.get(answer.user.id) } } : answer)
}

/** docs.slack.dev, "Blocks" and "Block elements": a message with more is refused. */
function tooMuch(blocks: string | null): boolean {
  if (blocks === null) return false
  const all = JSON.parse(blocks) as readonly SlackBlock[]
  const short = (text: { readonly text: string } | undefined, most: number) => text !== undefined && text.text.length >= 1 && text.text.length <= most
  const ids = all.flatMap(({ elements = [] }) => elements.map(({ action_id }) => action_id))
  return all.length > 50 || new Set(ids).size !== ids.length || !all.every(({ type, text, elements = [] }) => type === 'section' ? short(text, 3000)
    : type === 'actions' && elements.length >= 1 && elements.length <= 25 && elements.every((one) =>
      one.type === 'button' && short(one.text, 75) && one.action_id.length <= 255 && one.value.length <= 2000
      && (one.confirm === undefined || (short(one.confirm.title, 100) && short(one.confirm.text, 300) && short(one.confirm.confirm, 30) && short(one.confirm.deny, 30)))))
}
