/**
 * Berth from a program: the same commands as in the terminal, over the gateway's HTTP API. Needs no Temporal and no
 * package. Every call throws `Refused` (kind, sentence with the next step) or `Unexpected` (a request id for an admin).
 */
import type { Receipt } from '../workflows/terms.ts'
import { refusalClass, type RefusalKind } from '../workflows/refusals.ts'
import type { Desk, Ending, LeaseStatus, TimelineEntry } from '../workflows/terms.ts'
import type { Extended } from '../workflows/contract.ts'
import type { KubeAnswer } from './commands/kube.ts'
import type { Listed } from './commands/list.ts'
import type { Tokens } from './gateway/tokens.ts'
import { readEvents } from './eventStream.ts'
import { Refused, stop } from './refused.ts'
import { codeIn, isUntrusted } from './unreached.ts'

/** Where the tokens of one gateway are kept between calls. */
export interface TokenStore {
  read(): Tokens | undefined
  write(tokens: Tokens | undefined): void
}

export const inMemory = (tokens?: Tokens): TokenStore => {
  let kept = tokens
  return { read: () => kept, write: (next) => { kept = next } }
}

export type LeaseEvent =
  | { readonly event: 'step'; readonly id?: string; readonly data: TimelineEntry }
  | { readonly event: 'status'; readonly data: LeaseStatus }
  | { readonly event: 'end'; readonly data: { readonly reason: 'settled' | 'gone' | 'later'; readonly phase?: string } }

export interface LendInput {
  readonly image: string
  readonly name?: string
  readonly for?: string
  readonly port?: readonly number[]
  readonly env?: Readonly<Record<string, string>>
  readonly cpu?: number
  readonly memory?: string
  readonly gpu?: number
  /** Only on a host of this kind. */
  readonly on?: 'docker' | 'kubernetes'
  readonly site?: string
  readonly command?: readonly string[]
}

/** `requestId`: give the same one again to repeat a request whose answer was lost; never for another request. */
export interface Berth {
  login(uid: string, password: string): Promise<Tokens>
  logout(): Promise<{ readonly uid: string } | undefined>
  /** Any command of the table by name, with arguments as a terminal would give them. */
  run(name: string, given?: Readonly<Record<string, unknown>>, requestId?: string): Promise<unknown>
  lend(input: LendInput, requestId?: string): Promise<Receipt>
  list(of?: { readonly over?: boolean; readonly all?: boolean }): Promise<{ readonly leases: readonly Listed[]; readonly over: readonly Ending[] }>
  status(lease: string): Promise<LeaseStatus>
  logs(lease: string, lines?: number): Promise<{ readonly lines: readonly string[]; readonly over: boolean }>
  extend(lease: string, by?: string, requestId?: string): Promise<Extended>
  returnLease(lease: string): Promise<{ readonly key: string; readonly name: string }>
  pause(lease: string): Promise<{ readonly key: string; readonly name: string }>
  resume(lease: string): Promise<{ readonly key: string; readonly name: string }>
  notices(): Promise<Pick<Desk, 'notices'>>
  /** A kubeconfig, a secret, for what is lent on a cluster; without a name, for the newest there. */
  kube(lease?: string): Promise<Exclude<KubeAnswer, { readonly ended: readonly unknown[] }>>
  /** Live steps until the lease is ready, paused or over; connects again by itself when the stream breaks. */
  events(lease: string, signal?: AbortSignal): AsyncGenerator<LeaseEvent>
}

/** Our own fault. The log of the gateway tells more under this request id. */
export class Unexpected extends Error {
  override name = 'Unexpected'
  readonly requestId: string | undefined
  constructor(sentence: string, requestId?: string) {
    super(sentence)
    this.requestId = requestId
  }
}

/** The address, checked: https, or http to this machine alone. */
export function safeGateway(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || url.username !== '' || !['https:', 'http:'].includes(url.protocol)) {
    throw stop('badLine', 'The gateway’s address is a URL like https://berth.example.org, without a password in it.')
  }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // `URL` has already turned 127.1, 0x7f000001 and the like into four numbers.
  const loopback = host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
  if (url.protocol === 'http:' && !loopback) {
    throw stop('badLine', `Passwords and tokens do not travel over http; use https://${url.host}.`)
  }
  return url
}

const answerWithinMs = 30_000

export function createBerth({ gateway, tokens }: { readonly gateway: string; readonly tokens: TokenStore }): Berth {
  const base = safeGateway(gateway)

  const send = async (path: string, init: RequestInit): Promise<Response> => {
    try {
      // A redirect would carry the token to wherever it points.
      return await fetch(new URL(path, base), { ...init, redirect: 'error' })
    } catch (error) {
      throw init.signal?.aborted === true && init.signal.reason instanceof Error && init.signal.reason.name === 'AbortError' ? error : unreachable(base, error)
    }
  }
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}): Promise<unknown> => answerOf(await send(path, {
    method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body), signal: AbortSignal.timeout(answerWithinMs),
  }))
  const refreshed = async (): Promise<Tokens> => {
    const kept = tokens.read()
    if (!kept) throw stop('notSignedIn', 'You are not signed in; sign in with berth login.')
    const fresh = await post('/v1/refresh', { refresh: kept.refresh }) as Pick<Tokens, 'uid' | 'access' | 'accessUntil'>
    const next = { ...kept, ...fresh }
    tokens.write(next)
    return next
  }
  /** With a token that is good; one that was just refused is renewed once. */
  const signed = async <R>(call: (authorization: string) => Promise<R>): Promise<R> => {
    const kept = tokens.read()
    const fresh = kept && kept.accessUntil > Date.now() + 5000 ? kept : await refreshed()
    try {
      return await call(`Bearer ${fresh.access}`)
    } catch (error) {
      if (!(error instanceof Refused) || error.refusal.kind !== 'notSignedIn' || fresh !== kept) throw error
      return call(`Bearer ${(await refreshed()).access}`)
    }
  }
  const run = (name: string, given: Readonly<Record<string, unknown>> = {}, requestId: string = crypto.randomUUID()) =>
    signed((authorization) => post(`/v1/commands/${name.replaceAll(' ', '/')}`, given, { authorization, 'idempotency-key': requestId }))

  return {
    run,
    async login(uid, password) {
      const fresh = await post('/v1/login', { uid, password }) as Tokens
      tokens.write(fresh)
      return fresh
    },
    async logout() {
      if (!tokens.read()) return undefined
      try {
        return await signed((authorization) => post('/v1/logout', {}, { authorization })) as { uid: string }
      } catch (error) {
        // Whoever is signed out already gets what was asked for.
        if (error instanceof Refused && refusalClass[error.refusal.kind] === 'not signed in') return undefined
        throw error
      } finally {
        tokens.write(undefined)
      }
    },
    lend: (input, requestId) => run('lend', { ...input }, requestId) as Promise<Receipt>,
    list: (of = {}) => run('list', { ...of }) as ReturnType<Berth['list']>,
    status: (lease) => run('status', { lease }) as Promise<LeaseStatus>,
    logs: (lease, lines) => run('logs', { lease, ...(lines !== undefined && { lines }) }) as ReturnType<Berth['logs']>,
    extend: (lease, by, requestId) => run('extend', { lease, ...(by !== undefined && { by }) }, requestId) as Promise<Extended>,
    returnLease: (lease) => run('return', { lease }) as ReturnType<Berth['returnLease']>,
    pause: (lease) => run('pause', { lease }) as ReturnType<Berth['pause']>,
    resume: (lease) => run('resume', { lease }) as ReturnType<Berth['resume']>,
    notices: () => run('notices') as ReturnType<Berth['notices']>,
    kube: (lease) => run('kube', { ...(lease !== undefined && { lease }) }) as ReturnType<Berth['kube']>,
    async *events(lease, signal) {
      let last: string | undefined
      for (let broken = 0; ;) {
        const response = await signed(async (authorization) => {
          const got = await send(`/v1/leases/${encodeURIComponent(lease)}/events`, {
            headers: { authorization, accept: 'text/event-stream', ...(last !== undefined && { 'last-event-id': last }) }, ...(signal && { signal }),
          })
          return got.ok ? got : await answerOf(got) as never
        })
        try {
          for await (const { event, data, id } of readEvents(response)) {
            broken = 0
            if (id !== undefined) last = id
            const known = { event, data: JSON.parse(data) as unknown, ...(id !== undefined && { id }) } as LeaseEvent
            if (known.event === 'end' && known.data.reason === 'later') break
            yield known
            if (known.event === 'end') return
          }
        } catch (error) {
          if (signal?.aborted === true) throw error
        }
        if (++broken > 5) throw stop('tryLater', 'The live steps broke off; berth status shows where the lease stands.')
        await new Promise((resolve) => setTimeout(resolve, 200 * broken))
      }
    },
  }
}

/** A 200's body; anything else is thrown. What is not Berth's own answer is not shown: it may be anything. */
async function answerOf(response: Response): Promise<unknown> {
  const body = await response.json().catch(() => undefined) as { error?: { kind?: string; sentence?: string; requestId?: string } } | undefined
  if (response.ok && body !== undefined) return body
  const { kind, sentence, requestId } = body?.error ?? {}
  if (kind !== undefined && sentence !== undefined && Object.hasOwn(refusalClass, kind)) throw new Refused({ kind: kind as RefusalKind, sentence })
  if (sentence !== undefined) throw new Unexpected(sentence, requestId)
  if ([502, 503, 504].includes(response.status)) throw stop('tryLater', `What stands before the gateway answered ${response.status}; try again in a moment.`)
  throw new Unexpected(`What answered (${response.status}) is not a gateway of Berth; look at the address.`)
}

function unreachable(base: URL, error: unknown): Refused {
  const code = codeIn(error)
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return stop('tryLater', `The certificate that answered is not for ${base.hostname}; look at the address.`)
  if (/EXPIRED|NOT_YET_VALID/.test(code)) {
    return stop('tryLater', `The certificate of ${base.host} is not valid today (${code}); look at this machine’s clock, or tell an admin of Berth.`)
  }
  if (isUntrusted(code)) {
    return stop('tryLater', `The certificate of ${base.host} is not trusted (${code}); name your organisation’s CA file in BERTH_CA.`)
  }
  return stop('tryLater', `The gateway at ${base.origin} does not answer${code === '' ? '' : ` (${code})`}; look at the address, or try again in a moment.`)
}
