/**
 * As much of Slack's Web API as Berth calls, for the demo alone: no demo can reach Slack itself. What a member would see
 * of a card can be read from it.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export const slackTeam = 'T0DEMO', slackUser = 'U0MIKA'

export interface DemoChat {
  readonly slack: DemoSlack
  readonly signingSecret: string
}

export interface DemoPost {
  readonly ts: string
  readonly text: string
  readonly blocks: readonly DemoBlock[]
}

interface DemoBlock {
  readonly type: string
  readonly text?: { readonly text: string }
  readonly elements?: readonly { readonly action_id?: string; readonly value?: string; readonly text?: { readonly text: string } }[]
}

export interface DemoSlack {
  /** For the configuration: where the Web API is. */
  readonly api: string
  /** A user's direct messages with the bot, the oldest first. */
  room(user: string): readonly DemoPost[]
  stop(): Promise<void>
}

export async function startDemoSlack({ team, users }: { readonly team: string; readonly users: Readonly<Record<string, string>> }): Promise<DemoSlack> {
  const rooms = new Map<string, DemoPost[]>()
  let count = 0
  const methods: Record<string, (of: Record<string, string>) => object> = {
    'auth.test': () => ({ team_id: team, user_id: 'UBERTH' }),
    'users.info': ({ user = '' }) => Object.hasOwn(users, user) ? { user: { id: user, team_id: team, name: users[user], profile: { display_name: users[user] }, tz: 'Etc/UTC' } } : { ok: false, error: 'user_not_found' },
    'conversations.open': ({ users: user = '' }) => ({ channel: { id: `D${user}` } }),
    'conversations.history': ({ channel = '' }) => ({ messages: [...rooms.get(channel) ?? []].reverse() }),
    'chat.postMessage': ({ channel = '', ...of }) => {
      const post = { ...postOf(of), ts: `${Math.floor(Date.now() / 1000)}.${String(++count).padStart(6, '0')}` }
      rooms.set(channel, [...rooms.get(channel) ?? [], post])
      return { channel, ts: post.ts }
    },
    'chat.update': ({ channel = '', ts = '', ...of }) => {
      const room = rooms.get(channel) ?? [], at = room.findIndex((post) => post.ts === ts)
      if (at < 0) return { ok: false, error: 'message_not_found' }
      room[at] = { ...postOf(of), ts }
      return { channel, ts }
    },
  }
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => { body += chunk }).on('end', () => {
      const method = (request.url ?? '').replace(/^\/api\//, '').split('?')[0]!
      const answer = methods[method]?.(fieldsOf(body, request.headers['content-type'] ?? '')) ?? { ok: false, error: 'unknown_method' }
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ ok: true, ...answer }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    api: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`,
    room: (user) => rooms.get(`D${user}`) ?? [],
    stop: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
}

const postOf = ({ text = '', blocks = '[]' }: Record<string, string>) => ({ text, blocks: JSON.parse(blocks) as DemoBlock[] })

function fieldsOf(body: string, type: string): Record<string, string> {
  if (!type.includes('json')) return Object.fromEntries(new URLSearchParams(body))
  const read = JSON.parse(body) as Record<string, unknown>
  return Object.fromEntries(Object.entries(read).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]))
}

/** A post as text: its sections with moments as Slack falls back to them, and its buttons in brackets. */
export function sayPost({ blocks, text }: DemoPost): string[] {
  const lines = blocks.flatMap((block) => block.type === 'actions'
    ? [(block.elements ?? []).map((one) => `[${one.text?.text ?? one.action_id}]`).join(' ')]
    : (block.text?.text ?? '').replace(/<!date\^[^|>]*\|([^>]*)>/g, '$1').split('\n'))
  return lines.length > 0 ? lines : [text]
}
