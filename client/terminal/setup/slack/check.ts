/** The three secrets, each asked of Slack as far as Slack tells: the bot’s token, its scopes, the socket’s token. */
import { wordOf } from '../call.ts'
import { type Findings, Trouble } from '../check.ts'
import { compareOurs } from '../clock.ts'
import { askSlack } from './api.ts'
import { botScopes } from './manifest.ts'

/** What a secret is by its beginning, so that one in the wrong place is named before it is sent anywhere. */
const kinds: readonly (readonly [RegExp, string])[] = [
  [/^xoxb-/, 'a bot’s token'], [/^xapp-/, 'an app-level token'], [/^xoxp-/, 'a member’s token'], [/^xoxe[.-]/, 'a token that rotates, which the manifest switches off'],
  [/^xox/, 'another token of Slack’s'],
]
const kindOf = (secret: string): string => kinds.find(([begins]) => begins.test(secret))?.[1] ?? 'no token of Slack’s'

export interface Bot {
  readonly team: string
  /** How far this machine’s clock is ahead of Slack’s, in milliseconds. */
  readonly aheadMs: number | undefined
}

export async function checkBot(findings: Findings, { api, token }: { readonly api: string; readonly token: string }): Promise<Bot> {
  const what = 'bot token', where = 'Install App → “Bot User OAuth Token” (xoxb-…)'
  if (!token.startsWith('xoxb-')) throw new Trouble(what, 'bad', `The file holds ${kindOf(token)}; the right one is at ${where}.`)
  const { ok, error, json, scopes, aheadMs } = await askSlack(api, 'auth.test', { what, token })
  if (!ok) throw new Trouble(what, 'bad', `Slack does not take it (${error}); copy it anew from ${where}${error === 'account_inactive' ? ', after installing the app again' : ''}.`)
  const team = wordOf(json['team_id']), user = wordOf(json['user'])
  if (team === undefined || !/^T[A-Z0-9]{2,}$/.test(team)) throw new Trouble(what, 'bad', 'Slack names no team for it; install the app to a workspace, not to an organisation.')
  if (wordOf(json['bot_id']) === undefined) findings.add(what, 'bad', `It is ${user ?? 'somebody'}’s and no bot’s; the right one is at ${where}.`)
  else findings.add(what, 'good', `It is the bot’s (${user ?? 'unnamed'}) of team ${team}.`)
  checkScopes(findings, scopes)
  return { team, aheadMs: compareOurs(findings, 'Slack', aheadMs) }
}

function checkScopes(findings: Findings, scopes: readonly string[] | undefined): void {
  if (scopes === undefined) return findings.add('scopes', 'note', `Slack did not say; they must be ${botScopes.join(', ')}.`)
  const missing = botScopes.filter((scope) => !scopes.includes(scope))
  if (missing.length === 0) return findings.add('scopes', 'good', botScopes.join(', '))
  findings.add('scopes', 'bad', `Missing: ${missing.join(', ')}. Add them at OAuth & Permissions → Scopes → “Bot Token Scopes”, then “Reinstall to …” and copy the token anew.`)
}

export async function checkSocket(findings: Findings, { api, token }: { readonly api: string; readonly token: string }): Promise<void> {
  const what = 'app token', where = 'Basic Information → App-Level Tokens'
  if (!token.startsWith('xapp-')) throw new Trouble(what, 'bad', `The file holds ${kindOf(token)}; the right one (xapp-…) is at ${where}.`)
  const { ok, error } = await askSlack(api, 'apps.connections.open', { what, token })
  if (ok) return findings.add(what, 'good', 'Slack opens a socket for it.')
  throw new Trouble(what, 'bad', error === 'missing_scope'
    ? `It lacks the scope connections:write; make another with it at ${where}.`
    : `Slack opens no socket for it (${error}); look at Settings → Socket Mode, or make another at ${where}.`)
}

/** Slack does not tell whether one is right; only a round trip does. */
export function checkSecretShape(secret: string): void {
  if (/^(?:xox|xapp-)/.test(secret)) {
    throw new Trouble('signing secret', 'bad', `The file holds ${kindOf(secret)}; the right one is at Basic Information → App Credentials → “Signing Secret”.`)
  }
}
