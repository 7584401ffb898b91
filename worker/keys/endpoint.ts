/**
 * Payloads in clear for the Temporal UI: `POST /decode` and `/encode` as the UI's codec protocol has them. Off unless it
 * is configured. It opens payloads for admins alone, by their directory password (HTTP Basic); env values stay sealed,
 * for they are under another key that it does not have.
 *
 * A browser asks for a password only when a page is opened, never for a call from one page to another (Fetch, section
 * 4.6, "response tainting"). So an admin opens `/` once; from then on the UI's calls carry the password by themselves,
 * provided that the UI includes credentials. A UI server of one's own has `codec.includeCredentials` for that; the one
 * inside `temporal server start-dev` has only `--ui-codec-endpoint`, so there each admin sets endpoint and "Include
 * cross-origin credentials" in the UI's codec settings, as a setting of the browser (seen with UI 2.50.1).
 */
import { createHmac, randomBytes } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { cors } from 'hono/cors'
import { SlidingWindow } from '../../client/gateway/limits.ts'
import type { Env } from '../../client/gateway/env.ts'
import { LoginDenied, type Directory, type Person } from '../../workflows/ports.ts'
import { PayloadBox } from './codec.ts'
import type { Keyring } from './keyring.ts'
import { fromWire, toWire, type WirePayload } from './wire.ts'

export interface CodecEndpointOptions {
  readonly payloads: Keyring
  /** The UI's origin, exactly: `https://temporal.example.org`. No other page may ask. */
  readonly origin: string
  readonly directory: Pick<Directory, 'login'>
  readonly isAdmin: (person: Person) => boolean
  /** How long the directory's word counts; 60 s when absent. A page asks dozens of times. */
  readonly trustMs?: number
}

type Verdict = 'admin' | 'no' | 'wait' | 'away'

const minute = 60_000, remembered = 1_000, mostBytes = 8 * 2 ** 20

export function codecEndpoint({ payloads, origin, directory, isAdmin, trustMs = minute }: CodecEndpointOptions): Hono<Env> {
  const box = new PayloadBox(payloads)
  const judge = judgeWith({ directory, isAdmin, trustMs })
  const app = new Hono<Env>()

  app.use(cors({ origin, credentials: true, allowMethods: ['POST'], allowHeaders: ['content-type', 'x-namespace', 'authorization'], maxAge: 600 }))
  app.use(async (c, next) => {
    const from = c.req.header('origin')
    if (from !== undefined && from !== origin) return c.text('This page may not ask here.', 403)
    c.header('Cache-Control', 'no-store')
    const verdict = await judge(c.req.header('authorization'), c.env?.incoming?.socket.remoteAddress ?? '')
    return verdict === 'admin' ? next() : refused(c, verdict)
  })
  app.use(bodyLimit({ maxSize: mostBytes, onError: (c) => c.text('That is too much at once.', 413) }))

  app.get('/', (c) => c.html(`<!doctype html><title>Berth</title><p>You may read payloads now. In the <a href="${origin}">Temporal UI</a>, `
    + 'open the codec settings (the glasses), and tick “Include cross-origin credentials” as a setting of your browser.</p>'))
  app.post('/encode', (c) => convert(c, (all) => box.encode(all)))
  // One payload whose key is gone must not hide the others.
  app.post('/decode', (c) => convert(c, async (all) => (await Promise.all(all.map((one) => box.decode([one]).catch(() => [one])))).flat()))
  return app
}

async function convert(c: Context, change: (all: ReturnType<typeof fromWire>[]) => Promise<ReturnType<typeof fromWire>[]>): Promise<Response> {
  const body = await c.req.json().catch(() => undefined) as { payloads?: readonly WirePayload[] } | undefined
  if (!Array.isArray(body?.payloads)) return c.text('The body is {"payloads": […]}.', 400)
  return c.json({ payloads: (await change(body.payloads.map(fromWire))).map(toWire) })
}

function refused(c: Context, verdict: Exclude<Verdict, 'admin'>): Response {
  if (verdict === 'away') return c.text('The directory does not answer; try again in a minute.', 503)
  if (verdict === 'wait') return c.text('There were too many tries; wait five minutes.', 429)
  c.header('WWW-Authenticate', 'Basic realm="Payloads of Berth, for its admins", charset="UTF-8"')
  return c.text('Payloads are for admins of Berth: sign in with your name and password of the directory.', 401)
}

type Judging = Required<Pick<CodecEndpointOptions, 'directory' | 'isAdmin' | 'trustMs'>>

/** Asks the directory once per password and `trustMs`, and keeps no password: only a digest under a key of this process. */
function judgeWith({ directory, isAdmin, trustMs }: Judging): (authorization: string | undefined, address: string) => Promise<Verdict> {
  const secret = randomBytes(32), verdicts = new Map<string, { readonly until: number; readonly is: Promise<Verdict> }>()
  const perMember = new SlidingWindow({ count: 5, windowMs: 5 * minute }, remembered)
  const perAddress = new SlidingWindow({ count: 30, windowMs: 5 * minute }, remembered)

  async function ask(uid: string, password: string, address: string): Promise<Verdict> {
    const now = Date.now(), key = uid.toLowerCase()
    if (perMember.waitMs(key, now) > 0 || perAddress.waitMs(address, now) > 0) return 'wait'
    perMember.add(key, now)
    perAddress.add(address, now)
    const forgive = () => {
      perMember.forgive(key)
      perAddress.forgive(address)
    }
    try {
      const person = await directory.login(uid, password)
      forgive()
      return isAdmin(person) ? 'admin' : 'no'
    } catch (error) {
      if (error instanceof LoginDenied) return 'no'
      forgive()
      return 'away'
    }
  }

  return async (authorization, address) => {
    const given = basic(authorization)
    if (!given) return 'no'
    const digest = createHmac('sha256', secret).update(authorization!).digest('base64'), known = verdicts.get(digest)
    if (known && known.until > Date.now()) return known.is
    const is = ask(given.uid, given.password, address)
    verdicts.set(digest, { until: Date.now() + trustMs, is })
    if (verdicts.size > remembered) verdicts.delete(verdicts.keys().next().value!)
    const verdict = await is
    if (verdict === 'away' || verdict === 'wait') verdicts.delete(digest)
    return verdict
  }
}

/** RFC 7617. */
function basic(authorization: string | undefined): { readonly uid: string; readonly password: string } | undefined {
  const [, encoded] = /^basic ([a-z0-9+/=]+)$/i.exec(authorization ?? '') ?? []
  const text = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString(), colon = text.indexOf(':')
  return colon < 1 || colon === text.length - 1 ? undefined : { uid: text.slice(0, colon), password: text.slice(colon + 1) }
}
