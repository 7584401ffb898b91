/** The only door for members and admins: HTTP in, Temporal out. */
import { Hono, type Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { secureHeaders } from 'hono/secure-headers'
import { nanoid } from 'nanoid'
import type { Directory, Person } from '../../workflows/ports.ts'
import type { Temporal } from '../ask.ts'
import { stop } from '../refused.ts'
import { createAccounts } from './accounts.ts'
import { networks, originOf } from './address.ts'
import { failedPage, isLinkPage, tooLong } from './chat/link/show.ts'
import { isMattermost, tooLongHere } from './chat/mattermost/answer.ts'
import { chatRoutes } from './chat/routes.ts'
import type { ChatSettings } from './chat/settings.ts'
import { refused, unexpected } from './answer.ts'
import { commandRoutes } from './commands.ts'
import type { Env } from './env.ts'
import { asRefusal } from './failures.ts'
import { listen, type Listening } from './listen.ts'
import { InFlight } from './limits.ts'
import { openapi } from './openapi.ts'
import { defaultOptions, type GatewayOptions } from './options.ts'
import type { ChatSeals, Seals } from './seals.ts'
import { createSessions, SlowDown } from './session.ts'
import { sessionRoutes } from './sessions.ts'

export interface GatewayNeeds {
  readonly temporal: Temporal
  readonly directory: Pick<Directory, 'login' | 'find'>
  readonly isAdmin: (person: Person) => boolean
  readonly seals: Seals
  readonly options?: Partial<GatewayOptions>
  /** Absent: no chat is served. */
  readonly chat?: { readonly settings: ChatSettings; readonly seals: ChatSeals }
  /** Told by the OpenAPI description. */
  readonly version?: string
}

export interface Gateway {
  readonly app: Hono<Env>
  /** Throws when plain HTTP would leave this machine without a trusted proxy in front. */
  listen(): Promise<Listening>
}

export function createGateway({ temporal, directory, isAdmin, seals, options: given, version, chat }: GatewayNeeds): Gateway {
  const options: GatewayOptions = { ...defaultOptions, ...given }
  const accounts = createAccounts(temporal, options)
  const sessions = createSessions({ directory, isAdmin, accounts, seals, options })
  const updates = new InFlight(options.inFlight)
  const isProxy = networks(options.trustedProxy)
  const app = new Hono<Env>()

  app.use(async (c, next) => {
    c.set('requestId', nanoid())
    c.header('X-Request-Id', c.get('requestId'))
    await next()
  })
  app.use(secureHeaders({ strictTransportSecurity: options.tls ? 'max-age=15552000' : false }))
  app.use(async (c, next) => {
    const socket = c.env?.incoming?.socket
    const origin = originOf({
      peer: socket?.remoteAddress, tls: socket?.encrypted === true, header: (name) => c.req.header(name),
    }, isProxy)
    // No socket is a request made in this process, by a test.
    if (origin.is === 'member' && !origin.secure) throw stop('notSignedIn', 'Berth answers over https only; change the gateway’s address to https://.')
    c.set('address', origin.is === 'member' ? origin.address : 'here')
    c.header('Cache-Control', 'no-store')
    await next()
  })
  app.use(bodyLimit({
    maxSize: options.bodyBytes,
    onError: (c) => isLinkPage(c) ? tooLong(c) : isMattermost(c) ? tooLongHere(c) : refused(c, { kind: 'badLine', sentence: `The request has more than ${Math.floor(options.bodyBytes / 1024)} KiB; make it shorter.` }, { status: 413 }),
  }))

  app.get('/healthz', (c) => c.json({ ok: true }))
  app.get('/v1/openapi.json', (c) => c.json(openapi(version ?? '0')))
  app.route('/v1', sessionRoutes({ sessions, accounts, options }))
  app.route('/v1', commandRoutes({ sessions, accounts, temporal, seals, options, updates }))
  const chats = chat && chatRoutes({ settings: chat.settings, chatSeals: chat.seals, temporal, accounts, sessions, seals, options, updates, isAdmin })
  if (chats) app.route('/', chats.app)
  app.notFound((c) => refused(c, { kind: 'notFound', sentence: 'There is nothing at this address; /v1/openapi.json lists what there is.' }))
  app.onError((error, c) => isLinkPage(c) ? failedPage(c, error, options) : failed(c, error, options))

  return { app, listen: async () => {
    const listening = await listen(app, options), sockets = await chats?.openSockets()
    return { ...listening, close: async () => {
      await sockets?.close()
      await listening.close()
    } }
  } }
}

/** Whatever was thrown becomes a refusal, or a request id: no message or stack of ours reaches the user. */
function failed(c: Context, error: Error, options: GatewayOptions): Response {
  const requestId = c.get('requestId') as string
  const refusal = asRefusal(error)
  if (refusal) {
    options.log({ level: refusal.kind === 'tryLater' ? 'warn' : 'info', what: 'refused', requestId, kind: refusal.kind, path: c.req.path,
      ...(refusal.kind === 'tryLater' && { error: String(error) }) })
    return refused(c, refusal, error instanceof SlowDown ? { afterMs: error.afterMs } : {})
  }
  options.log({ level: 'error', what: 'unexpected', requestId, path: c.req.path, error: String(error), stack: error.stack })
  return unexpected(c)
}
