/** Socket Mode: Slack's requests over a WebSocket that Berth opens, so that no public address is needed. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger, LogLevel, SocketModeClient } from '@slack/socket-mode'
import { isRecord } from '../../body.ts'
import type { GatewayOptions } from '../../options.ts'
import type { Chat } from '../chat.ts'
import type { SlackTenant } from '../settings.ts'
import { createSlackEar, type Answer, type SlackEar } from './hear.ts'
import type { Ephemeral } from './render.ts'
import { respond } from './respond.ts'

interface Needs {
  readonly chat: Chat
  readonly tenants: readonly SlackTenant[]
  readonly options: Pick<GatewayOptions, 'log'>
}

export interface SlackSockets {
  /** What is under way is answered first. */
  close(): Promise<void>
}

/** What the SDK hands on of one envelope. */
interface Envelope {
  readonly envelope_id: string
  readonly body: unknown
  ack(answer: Answer): Promise<void>
}

const openMs = 15_000
/** Slack leaves TCP open behind the closing handshake. */
const closeMs = 500
const firstWaitMs = 200, longestWaitMs = 30_000
/** A socket that lasted so long was well: the next one is opened at once. */
const steadyMs = 10_000

/** Answers at once, whether Slack can be reached or not. The SDK is loaded only where there is a token for it. */
export async function startSlackSockets({ chat, tenants, options }: Needs): Promise<SlackSockets> {
  const apps = Map.groupBy(tenants.filter(({ appToken }) => appToken !== undefined && appToken !== ''), ({ appToken }) => appToken!)
  if (apps.size === 0) return { close: () => Promise.resolve() }
  const { SocketModeClient } = await import('@slack/socket-mode')
  const ear = createSlackEar({ chat, options })
  const sockets = [...apps].map(([appToken, own]) => keepSocket({ ear, tenants: own, options, open: (signal) => new SocketModeClient({
    appToken, logger: silent, autoReconnectEnabled: false,
    clientOptions: {
      ...own[0]?.api !== undefined && { slackApiUrl: own[0].api }, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true,
      fetch: (url, init) => fetch(url, { ...init, signal }),
    },
  }) }))
  return { close: async () => void await Promise.all(sockets.map((socket) => socket.close())) }
}

interface Kept extends Omit<Needs, 'chat'> {
  readonly ear: SlackEar
  /** A client that was not started; the signal ends its HTTP request. */
  readonly open: (signal: AbortSignal) => SocketModeClient
}

/**
 * One socket for one app, opened again by us: the SDK (3.1.0) waits 5 s before it does, and a refused token at that moment
 * is an unhandled rejection there, which would end the process.
 */
function keepSocket({ ear, tenants, options, open }: Kept): SlackSockets {
  const stop = new AbortController(), stopped = once(stop.signal), teams = tenants.map(({ team }) => team).join()
  const underWay = new Set<Promise<void>>(), clients = new Set<SocketModeClient>()
  const log = (level: 'info' | 'warn' | 'error', what: string, more = {}) => options.log({ level, what, platform: 'slack', tenant: teams, ...more })

  const end = async (client: SocketModeClient) => {
    const ended = client.disconnect()
    // Asked a second time while it closes, the SDK cuts the connection.
    const cut = setTimeout(() => void client.disconnect(), closeMs)
    await ended
    clearTimeout(cut)
    clients.delete(client)
  }
  const hear = (listen: (envelope: Envelope) => Promise<void>) => (envelope: Envelope) => {
    const heard = listen(envelope).catch((error: unknown) => log('error', 'unexpected', { requestId: envelope.envelope_id, error: String(error) }))
    underWay.add(heard)
    void heard.finally(() => underWay.delete(heard))
  }
  const delivery = ({ body, envelope_id }: Envelope) => ({ tenants, said: isRecord(body) ? body : {}, requestId: envelope_id })
  const onCommand = hear(async (envelope) => {
    const answer = await ear.command(delivery(envelope))
    await envelope.ack(answer).catch(() => instead(envelope, answer))
  })
  const onInteraction = hear(async (envelope) => {
    const answer = await ear.interaction(delivery(envelope))
    await envelope.ack(answer).catch((error: unknown) => log('warn', 'slack socket gone before the answer', { requestId: envelope.envelope_id, why: reasonOf(error).why }))
  })
  /** The socket went away meanwhile; what was done is told all the same. */
  const instead = async ({ body, envelope_id }: Envelope, message: Ephemeral) => {
    const why = await respond(isRecord(body) ? body['response_url'] : undefined, { message, api: tenants[0]?.api })
    if (why !== undefined) log('warn', 'slack socket gone before the answer', { requestId: envelope_id, why })
  }

  /** Once it is open; `lost` resolves once it is no more. */
  async function connect(): Promise<{ readonly lost: Promise<void> }> {
    const late = AbortSignal.timeout(openMs), client = open(AbortSignal.any([stop.signal, late]))
    clients.add(client)
    const lost = new Promise<void>((resolve) => {
      client.once('disconnected', () => resolve())
      // Said a while before it closes: the next socket opens meanwhile, so that nobody types into a gap.
      client.on('ws_message', (message: unknown) => { if (isGoodbye(message)) resolve() })
    })
    client.on('slash_commands', onCommand)
    client.on('interactive', onInteraction)
    const begun = client.start()
    try {
      await Promise.race([begun, once(late).then(() => { throw new Late() }), stopped.then(() => { throw new Error('stopped') })])
    } catch (error) {
      // It may open after all, when nobody waits for it.
      void begun.then(() => end(client), () => undefined)
      void end(client)
      throw error
    }
    void lost.then(() => end(client))
    return { lost }
  }

  async function keep(): Promise<void> {
    for (let failures = 0; !stop.signal.aborted;) {
      const begun = performance.now()
      let afterMs = 0
      try {
        const { lost } = await connect()
        log('info', 'slack socket open')
        await Promise.race([lost, stopped])
        if (!stop.signal.aborted) log('info', 'slack socket closed by Slack')
      } catch (error) {
        const reason = reasonOf(error)
        afterMs = reason.afterMs ?? 0
        if (!stop.signal.aborted) log(reason.admin ? 'error' : 'warn', 'slack socket not open', { why: reason.why })
      }
      failures = performance.now() - begun > steadyMs ? 0 : failures + 1
      await pause(Math.max(afterMs, failures === 0 ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - 1)) * (0.5 + Math.random() / 2)), stop.signal)
    }
  }

  const kept = keep()
  return {
    async close() {
      await Promise.all(underWay)
      stop.abort()
      await kept
      await Promise.all([...clients].map(end))
      await Promise.all(underWay)
    },
  }
}

/** Without a message of the SDK's: it may hold an address with a ticket. `admin`: it does not go away by itself. */
function reasonOf(error: unknown): { readonly why: string; readonly admin?: true; readonly afterMs?: number } {
  // What the SDK rejects with when a socket closes before its hello.
  if (!(error instanceof Error)) return { why: 'closed before its hello' }
  const { data, statusCode, retryAfter, original } = error as { data?: { error?: unknown }; statusCode?: unknown; retryAfter?: unknown; original?: { cause?: { code?: unknown } } }
  if (typeof data?.error === 'string' && /^[a-z_]{1,60}$/.test(data.error)) return { why: data.error, admin: true }
  if (typeof retryAfter === 'number') return { why: 'rate limited', afterMs: retryAfter * 1000 }
  if (typeof statusCode === 'number') return { why: `status ${statusCode}` }
  const code = original?.cause?.code
  return { why: error instanceof Late ? `no hello within ${openMs / 1000} s` : typeof code === 'string' ? code : error.name }
}

class Late extends Error {}

function isGoodbye(message: unknown): boolean {
  try {
    return typeof message === 'string' && (JSON.parse(message) as { readonly type?: unknown } | null)?.type === 'disconnect'
  } catch {
    return false
  }
}

const once = (signal: AbortSignal): Promise<void> => new Promise((resolve) => {
  if (signal.aborted) resolve()
  else signal.addEventListener('abort', () => resolve(), { once: true })
})

/** Shorter when it is stopped. */
const pause = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal }).catch(() => undefined)

const nothing = () => undefined
/** Its debug lines hold whole requests, and with them the addresses to answer to. */
const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing, setLevel: nothing, setName: nothing, getLevel: () => 'error' as LogLevel }
