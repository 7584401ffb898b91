/**
 * A stand-in of Slack for what comes in: Socket Mode as docs.slack.dev describes it ("Using Socket Mode"), `views.open`, and the addresses
 * to answer to. An envelope goes to one of the open sockets, an address for a socket is good once, ten sockets are the most.
 */
import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

export interface Ack {
  readonly envelope_id: string
  readonly payload?: Readonly<Record<string, unknown>>
  /** Which of the sockets that ever opened gave it. */
  readonly socket: number
}

export interface Called {
  readonly path: string
  readonly authorization: string | undefined
  readonly body: Readonly<Record<string, unknown>>
}

export interface SlackPeer {
  /** For the configuration: where the Web API is. */
  readonly api: string
  /** An address to answer to, like a `response_url`. */
  readonly hook: string
  /** Whatever was called over HTTP but `apps.connections.open`. */
  readonly called: readonly Called[]
  readonly acks: readonly Ack[]
  /** Sockets that are open now, by number. */
  open(): readonly number[]
  /** Until so many have opened, since it began. */
  opened(count: number): Promise<void>
  /** One envelope to one socket, in turn unless it is named; answers with its acknowledgement. */
  deliver(type: 'slash_commands' | 'interactive', payload: object, more?: { readonly to?: number; readonly envelope?: string }): Promise<Ack>
  /** The socket is to be renewed, as Slack asks every few hours; it closes a while later. */
  goodbye(socket: number, reason?: 'warning' | 'refresh_requested'): void
  /** The line breaks, without a word. */
  cut(socket: number): Promise<void>
  /** From now on: what `apps.connections.open` and `views.open` answer instead; and whether addresses are answered at all. */
  refuse(error: string | undefined): void
  readonly tries: number
  close(): Promise<void>
}

/** `lingers`: TCP stays open behind the closing handshake, as Slack's does (socket-mode 3.2.0, release notes). */
export async function startSlackPeer({ appToken = 'xapp-1-secret', lingers = false } = {}): Promise<SlackPeer> {
  const sockets = new Map<number, WebSocket>(), tickets = new Set<string>(), called: Called[] = [], acks: Ack[] = []
  const events = new EventEmitter().setMaxListeners(100)
  let refused: string | undefined, count = 0, turn = 0, tries = 0

  const answer = (path: string, authorization: string | undefined): object | undefined => {
    if (path === '/api/apps.connections.open') {
      tries++
      events.emit('tried')
      if (refused !== undefined) return { ok: false, error: refused }
      if (authorization !== `Bearer ${appToken}`) return { ok: false, error: 'invalid_auth' }
      const ticket = randomUUID()
      tickets.add(ticket)
      return { ok: true, url: `${origin.replace('http', 'ws')}/link/?ticket=${ticket}&app_id=A123456` }
    }
    if (path === '/api/views.open') return refused === undefined ? { ok: true, view: { id: 'V1' } } : { ok: false, error: refused }
    if (path === '/api/auth.test') return { ok: true, team_id: 'T1DC2JH3J', user_id: 'UBERTH', bot_id: 'B1' }
    return path.startsWith('/hooks/') ? {} : undefined
  }
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (chunk: string) => { text += chunk }).on('end', () => {
      const path = request.url ?? '', { authorization } = request.headers
      if (path !== '/api/apps.connections.open') called.push({ path, authorization, body: text.startsWith('{') ? JSON.parse(text) as Called['body'] : Object.fromEntries(new URLSearchParams(text)) })
      const said = answer(path, authorization)
      response.writeHead(said ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(said ?? {}))
    })
  })
  const door = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    const ticket = new URL(request.url ?? '/', 'http://here').searchParams.get('ticket') ?? ''
    if (!tickets.delete(ticket)) return void socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
    if (lingers) socket.end = () => socket
    door.handleUpgrade(request, socket, head, (one) => {
      const number = count++
      if (sockets.size >= 10) {
        one.send(JSON.stringify({ type: 'disconnect', reason: 'too_many_websockets' }))
        return one.close()
      }
      const pings = setInterval(() => one.ping(), 1000)
      one.on('close', () => {
        clearInterval(pings)
        sockets.delete(number)
        events.emit('closed')
      })
      one.on('message', (data: Buffer) => {
        const ack = { ...JSON.parse(data.toString()) as Ack, socket: number }
        acks.push(ack)
        events.emit(`ack ${ack.envelope_id}`, ack)
      })
      sockets.set(number, one)
      one.send(JSON.stringify({
        type: 'hello', num_connections: sockets.size, connection_info: { app_id: 'A123456' },
        debug_info: { host: 'applink-test', started: '2026-11-29 09:00:00.000', build_number: 7, approximate_connection_time: 18060 },
      }))
      events.emit('opened')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    api: `${origin}/api/`, hook: `${origin}/hooks/T1DC2JH3J/1/secretpath`, called, acks,
    get tries() { return tries },
    open: () => [...sockets.keys()],
    async opened(wanted) {
      while (count < wanted) await once(events, 'opened')
    },
    async deliver(type, payload, { to, envelope = randomUUID() } = {}) {
      const numbers = [...sockets.keys()], number = to ?? numbers[turn++ % numbers.length]
      const socket = number === undefined ? undefined : sockets.get(number)
      if (!socket) throw new Error('No socket is open: Slack would tell the user that the app did not respond.')
      const acked = once(events, `ack ${envelope}`) as Promise<[Ack]>
      socket.send(JSON.stringify({ envelope_id: envelope, type, accepts_response_payload: true, payload }))
      return (await acked)[0]
    },
    goodbye: (socket, reason = 'refresh_requested') => sockets.get(socket)?.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'applink-test' } })),
    async cut(socket) {
      sockets.get(socket)?.terminate()
      while (sockets.has(socket)) await once(events, 'closed')
    },
    refuse: (error) => { refused = error },
    async close() {
      for (const one of door.clients) one.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
