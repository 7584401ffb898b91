/** What a set-up talks to: Slack’s Web API, a Mattermost server, a gateway; each on loopback, and as bad as a test wants it. */
import type { IncomingHttpHeaders } from 'node:http'
import { createGateway } from '../../client/gateway/gateway.ts'
import type { ChatSettings } from '../../client/gateway/chat/settings.ts'
import type { GatewayOptions, LogLine } from '../../client/gateway/options.ts'
import { chatSeals } from '../chat/stage.ts'
import { startSteered } from '../chat/steered.ts'
import { fakeDirectory, fakeSeals, fakeTemporal } from './fake.ts'

export interface Call {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Said {
  readonly status?: number
  readonly json?: unknown
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Peer {
  readonly url: string
  readonly calls: Call[]
  close(): Promise<void>
}

const open: Pick<Peer, 'close'>[] = []

/** `aheadS`: how far its clock is ahead. */
export async function serve(answer: (call: Call) => Said | Promise<Said>, { aheadS = 0 } = {}): Promise<Peer> {
  const calls: Call[] = []
  const { url, close } = await startSteered({ async answer({ method, path, query, headers: sent, body }) {
    const call: Call = { method, path: query.size === 0 ? path : `${path}?${query}`, headers: sent, body }
    calls.push(call)
    const { status = 200, json, text = JSON.stringify(json ?? {}), headers = {} } = await answer(call)
    return { status, body: text, headers: { 'content-type': json === undefined ? 'text/plain' : 'application/json', date: new Date(Date.now() + aheadS * 1000).toUTCString(), ...headers } }
  } })
  const peer: Peer = { url, calls, close }
  open.push(peer)
  return peer
}

/** The real gateway, with everything behind it in memory. `port`: 0 for any. */
export async function serveGateway({ chat, port = 0, options = {} }: { readonly chat?: Partial<ChatSettings>; readonly port?: number; readonly options?: Partial<GatewayOptions> } = {}) {
  const { temporal, calls } = fakeTemporal(), log: LogLine[] = []
  const gateway = createGateway({
    temporal, directory: fakeDirectory([]), isAdmin: () => false, seals: fakeSeals(), version: 'test',
    options: { listen: { host: '127.0.0.1', port }, log: (line) => log.push(line), ...options },
    ...(chat && { chat: { seals: chatSeals(), settings: { url: 'https://berth.example.org', slack: [], mattermost: [], ...chat } } }),
  })
  const listening = await gateway.listen()
  let closing: Promise<void> | undefined
  // Once: a test may close it before the others are.
  const peer = { ...listening, calls, log, close: () => closing ??= listening.close() }
  open.push(peer)
  return peer
}

export async function closePeers(): Promise<void> {
  await Promise.all(open.splice(0).map((peer) => peer.close()))
}

/** An address at which nobody listens. */
export async function nobody(): Promise<string> {
  const peer = await serve(() => ({}))
  await peer.close()
  return peer.url
}
