/**
 * Slack's Web API of one workspace. Each call is one try with a deadline: Temporal tries again. What goes wrong is told by
 * Slack's own code for it alone, for an error of fetch may quote a header, and an answer anything.
 */
import type { LogLevel, Logger, WebClient } from '@slack/web-api'
import { ChatLimited } from '../../workflows/ports.ts'
import { reasonOf } from '../reason.ts'

export interface SlackTenant {
  /** `team_id`, like T1DC2JH3J. */
  readonly team: string
  /** `xoxb-…`, with the scopes chat:write, im:write, im:history and users:read; with a mode also users:read.email. */
  readonly botToken: string
  /** The admin asserts that the workspace enforces a sign-in by the directory: an e-mail address of these `domains` is its entry's. */
  readonly mode?: 'slack-sso-email'
  /** In lower case, whole: no part of one counts. */
  readonly domains?: readonly string[]
  /** Another Web API than Slack's own; in tests alone. */
  readonly api?: string
}

/** Slack said no, or nothing. */
export class SlackTrouble extends Error {
  override name = 'SlackTrouble'
  /** Slack's own word for it, like `message_not_found`; absent when Slack did not answer. */
  readonly code: string | undefined
  constructor(message: string, code?: string) {
    super(message)
    this.code = code
  }
}

/** One call of the Web API; throws `SlackTrouble` or `ChatLimited`. */
export type Slack = <T>(method: string, call: (client: WebClient) => Promise<T>) => Promise<T>

export function slackOf({ team, botToken, api }: SlackTenant, deadlineMs: number): Slack {
  let opened: Promise<WebClient> | undefined
  // Loaded when there is something to post: 9 MB that most roles never use.
  const open = async () => new (await import('@slack/web-api')).WebClient(botToken, {
    retryConfig: { retries: 0 }, rejectRateLimitedCalls: true, timeout: deadlineMs, logger: silent, allowAbsoluteUrls: false,
    ...(api !== undefined && { slackApiUrl: api }),
  })
  return async (method, call) => {
    const client = await (opened ??= open())
    try {
      return await call(client)
    } catch (error) {
      throw troubleOf(error, `Slack (${team}) ${method}`)
    }
  }
}

/** What the package would say holds whole requests. */
const silent: Logger = {
  debug: () => {}, info: () => {}, warn: () => {}, error: () => {},
  setLevel: () => {}, setName: () => {}, getLevel: () => 'error' as LogLevel,
}

interface SlackError {
  readonly code?: unknown
  readonly retryAfter?: unknown
  readonly statusCode?: unknown
  readonly data?: { readonly error?: unknown; readonly needed?: unknown; readonly response_metadata?: { readonly retryAfter?: unknown } }
  readonly original?: unknown
}

function troubleOf(error: unknown, what: string): Error {
  const { code, retryAfter, statusCode, data, original } = error as SlackError
  switch (code) {
    case 'slack_webapi_rate_limited_error': return limited(retryAfter)
    case 'slack_webapi_http_error': return new SlackTrouble(`${what}: HTTP ${String(statusCode)}.`)
    case 'slack_webapi_request_error': return new SlackTrouble(`${what}: no answer (${reasonOf(original)}).`)
    case 'slack_webapi_platform_error': {
      const said = wordIn(data?.error), needed = wordIn(data?.needed)
      // The second is how chat.postMessage says it, with status 200.
      if (said === 'ratelimited' || said === 'rate_limited') return limited(data?.response_metadata?.retryAfter)
      return new SlackTrouble(`${what}: ${said ?? 'an answer that is not Slack’s'}${needed === undefined ? '' : `, needs ${needed}`}.`, said)
    }
    default: return new SlackTrouble(`${what}: no answer (${reasonOf(error)}).`)
  }
}

const limited = (seconds: unknown): ChatLimited => new ChatLimited((typeof seconds === 'number' ? seconds : 1) * 1000)

const wordIn = (said: unknown): string | undefined => typeof said === 'string' && /^[a-z][a-z0-9_:,.]{0,80}$/.test(said) ? said : undefined
