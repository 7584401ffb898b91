/** Mattermost’s REST API v4, as far as a set-up asks it, and its "no" in words that say what to change. */
import { type Answer, call, wordOf } from '../call.ts'
import { Trouble } from '../check.ts'

export interface Mattermost {
  readonly base: string
  /** `what`: as the findings name it. */
  ask(method: 'GET' | 'POST' | 'PUT', path: string, how: { readonly what: string; readonly body?: unknown }): Promise<Answer>
}

export const mattermostAt = (base: string, token?: string): Mattermost => ({
  base,
  ask: (method, path, { what, body }) => call(`${base}/api/v4${path}`, {
    what, who: 'Mattermost', method,
    headers: { accept: 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }), ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }),
})

/** Switches of the server, by the id of the error that says that they are off (server sources, 5.37 to 11). */
const switches: Readonly<Record<string, string>> = {
  'api.command.disabled.app_error': 'Custom slash commands are off (EnableCommands): System Console → Integrations → Integration Management → “Enable Custom Slash Commands”.',
  'api.bot.create_disabled': 'Bot accounts cannot be made (EnableBotAccountCreation): System Console → Integrations → Bot Accounts → “Enable Bot Account Creation”.',
  'app.user_access_token.disabled': 'Personal access tokens are off (EnableUserAccessTokens): System Console → Integrations → Integration Management → “Enable Personal Access Tokens”.',
  'api.command.duplicate_trigger.app_error': 'Another command of this team is called /berth, and this account may not see it (permission manage_others_slash_commands); remove it, or use the token of a system admin.',
}

export const errorId = ({ json }: Answer): string => wordOf(json?.['id']) ?? 'no reason'

/** `permission`: what the account lacks when it is a 403. */
export function refusedBy(answer: Answer, { what, permission }: { readonly what: string; readonly permission: string }): Trouble {
  const { status } = answer, id = errorId(answer), off = switches[id]
  if (off !== undefined) return new Trouble(what, 'bad', off)
  if (status === 401) {
    return new Trouble(what, 'bad', 'Mattermost does not take this token (401): it is wrong, revoked, or of an account that is switched off, or personal access tokens are off (EnableUserAccessTokens): System Console → Integrations → Integration Management.')
  }
  if (status === 403) return new Trouble(what, 'bad', `The token’s account may not (403): it needs the permission ${permission}. A system admin has it.`)
  if (status === 429) return new Trouble(what, 'away', 'Mattermost asks for patience (429); run this again in a minute.')
  if ([502, 503, 504].includes(status)) return new Trouble(what, 'away', `What stands before Mattermost answers ${status}; run this again in a moment.`)
  return new Trouble(what, 'bad', `Mattermost answers ${status} (${id}); its log says more.`)
}
