/** Slack’s Web API, as far as a set-up asks it. Nothing is tried again: the admin is there. */
import { call, wordOf } from '../call.ts'
import { Trouble } from '../check.ts'

export const slackApi = 'https://slack.com/api'

export interface SlackAnswer {
  readonly ok: boolean
  /** Slack’s own word for what is wrong. */
  readonly error: string
  readonly json: Readonly<Record<string, unknown>>
  /** Of the token; undefined when the answer does not say. */
  readonly scopes: readonly string[] | undefined
  readonly aheadMs: number | undefined
}

export async function askSlack(api: string, method: string, { what, token }: { readonly what: string; readonly token: string }): Promise<SlackAnswer> {
  const { status, json, headers, aheadMs } = await call(`${api}/${method}`, {
    what, who: 'Slack', method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-www-form-urlencoded' },
  })
  if (status === 429) throw new Trouble(what, 'away', 'Slack asks for patience (429); run this again in a minute.')
  if (status >= 500) throw new Trouble(what, 'away', `Slack answers ${status}; run this again later, or look at https://slack-status.com.`)
  if (typeof json?.['ok'] !== 'boolean') throw new Trouble(what, 'bad', `What answers at ${api} (${status}) is not Slack’s Web API; look at --api.`)
  const scopes = headers.get('x-oauth-scopes')
  return {
    ok: json['ok'], error: wordOf(json['error']) ?? 'no reason', json, aheadMs,
    scopes: scopes === null ? undefined : scopes.split(',').map((scope) => scope.trim()).filter((scope) => scope !== ''),
  }
}
