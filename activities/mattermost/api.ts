/**
 * The REST API (v4) of one Mattermost server by plain fetch: its own package, @mattermost/client 11.9.0, asks for a
 * TypeScript of at most 5. Each call is one try with a deadline: Temporal tries again. Errors carry the status and the
 * server's own id of the error alone.
 */
import { ChatLimited } from '../../workflows/ports.ts'
import { reasonOf } from '../reason.ts'

export interface MattermostAt {
  /** As the configuration calls it: the tenant of its users. */
  readonly name: string
  /** Without a slash at its end. */
  readonly url: string
  /** Of the bot account. */
  readonly botToken: string
  /** An account that signs in there by the directory is its entry's; the bot must be a system admin for that. */
  readonly mode?: 'mattermost-ldap'
}

/** Mattermost said no, or nothing. */
export class MattermostTrouble extends Error {
  override name = 'MattermostTrouble'
  /** Absent when there was no answer. */
  readonly status: number | undefined
  /** Like `app.post.get.app_error`. */
  readonly id: string | undefined
  constructor(message: string, { status, id }: { readonly status?: number; readonly id?: string | undefined } = {}) {
    super(message)
    this.status = status
    this.id = id
  }
}

/** One call, `path` below `/api/v4`; throws `MattermostTrouble` or `ChatLimited`. */
export type Mattermost = <T>(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown) => Promise<T>

export function mattermostAt({ name, url, botToken }: MattermostAt, deadlineMs: number): Mattermost {
  return async <T>(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<T> => {
    const what = `Mattermost (${name}) ${method} ${kindOf(path)}`
    const trouble = (why: string, more?: { readonly status: number; readonly id?: string | undefined }) => new MattermostTrouble(`${what}: ${why}.`, more)
    let response: Response, text: string
    try {
      response = await fetch(`${url}/api/v4${path}`, {
        method, redirect: 'error', signal: AbortSignal.timeout(deadlineMs),
        headers: { authorization: `Bearer ${botToken}`, accept: 'application/json', ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      text = await response.text()
    } catch (error) {
      // No more than its code, for an error of fetch may quote a header.
      throw trouble(`no answer (${reasonOf(error)})`)
    }
    const { status, headers } = response
    if (status === 429) throw new ChatLimited(pauseIn(headers, Date.now()))
    const answer = jsonIn(text)
    if (!response.ok) {
      const id = idIn(answer)
      throw trouble(`${status}${id === undefined ? '' : ` ${id}`}`, { status, id })
    }
    if (answer === undefined) throw trouble(`${status}, and no JSON`, { status })
    return answer as T
  }
}

/** Without the ids in it, so that the same trouble reads the same. */
const kindOf = (path: string): string => path.replace(/\?.*$/, '').replace(/\/(?!me(?:\/|$))[a-z0-9]{20,}(?=\/|$)/g, '/…')

/**
 * The server sends seconds from now in both headers (its ratelimit.go, 11); its API reference calls the second a moment in
 * epoch seconds, so a number that can only be one is taken as such.
 */
function pauseIn(headers: Headers, now: number): number {
  const after = secondsIn(headers.get('retry-after')), reset = secondsIn(headers.get('x-ratelimit-reset'))
  if (after !== undefined) return after * 1000
  if (reset === undefined) return 1000
  return reset > 1e9 ? Math.max(0, reset * 1000 - now) : reset * 1000
}

const secondsIn = (text: string | null): number | undefined => text !== null && /^\d{1,12}$/.test(text) ? Number(text) : undefined

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function idIn(answer: unknown): string | undefined {
  const id = (answer as { readonly id?: unknown } | null | undefined)?.id
  return typeof id === 'string' && /^[a-z][a-z0-9_.]{0,120}$/.test(id) ? id : undefined
}
