/** What the gateway is told of the chats that it serves. Secrets come here opened; nothing of them is logged. */
export interface ChatSettings {
  /** How members' browsers and chat servers reach this gateway, without a slash at its end. */
  readonly url: string
  readonly slack: readonly SlackTenant[]
  readonly mattermost: readonly MattermostServer[]
  /** How long an answer is waited for before the user reads that it is not confirmed yet. */
  readonly answerMs?: number
}

export interface SlackTenant {
  /** `team_id`, like T1DC2JH3J. */
  readonly team: string
  /** Of requests over HTTP; a socket has none. */
  readonly signingSecret?: string
  readonly botToken: string
  /** `xapp-…`: requests come over a socket that Berth opens, and no public address is needed. */
  readonly appToken?: string
  /** Links an account by its e-mail address: the admin asserts that the workspace enforces a sign-in by the directory. */
  readonly mode?: 'slack-sso-email'
  /** Of those addresses. */
  readonly domains?: readonly string[]
  /** The Web API; another one in tests alone. */
  readonly api?: string
}

export interface MattermostServer {
  /** Its name here: part of every address that it calls, and of every identity from it. */
  readonly name: string
  readonly url: string
  readonly botToken: string
  /** The slash command's token, by `team_id`: each team has its own. */
  readonly commandTokens: Readonly<Record<string, string>>
  /** Links an account that signs in there by the directory; the bot is a system admin. */
  readonly mode?: 'mattermost-ldap'
}

export const defaultAnswerMs = 1500
