/** Requests as Slack signs them, by its documented recipe and not by the gateway's code. */
import { createHmac } from 'node:crypto'

export const official: Readonly<Record<'secret' | 'timestamp' | 'signature' | 'body', string>> = {
  secret: '8f742231b10e8888abcd99yyyzzz85a5',
  timestamp: '1531420618',
  signature: 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner'
    + '&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN'
    + '&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
}

export const signatureOf = (secret: string, timestamp: string, body: string | Uint8Array): string =>
  `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex')}`

export interface SignedRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** `at` in milliseconds. */
export function signed(body: string, { secret = official.secret, at, headers = {} }: { readonly secret?: string; readonly at: number; readonly headers?: Readonly<Record<string, string>> }): SignedRequest {
  const timestamp = String(Math.floor(at / 1000))
  return { body, headers: {
    'content-type': 'application/x-www-form-urlencoded', 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signatureOf(secret, timestamp, body), ...headers,
  } }
}

/** A command's fields, as docs.slack.dev lists them. */
export const commandFields = (text: string, more: Readonly<Record<string, string | undefined>> = {}): Record<string, string> => Object.fromEntries(Object.entries({
  token: 'deprecated-token', team_id: 'T1DC2JH3J', team_domain: 'campus', channel_id: 'C2147483705', channel_name: 'test', user_id: 'U2CERLKJA', user_name: 'mika',
  command: '/berth', text, response_url: 'https://hooks.slack.com/commands/T1DC2JH3J/1/secretpath', trigger_id: '13345224609.738474920.8088930838d88f008e0', api_app_id: 'A123456',
  is_enterprise_install: 'false', ...more,
}).filter((entry): entry is [string, string] => entry[1] !== undefined))

export const commandBody = (text: string, more?: Readonly<Record<string, string | undefined>>): string => new URLSearchParams(commandFields(text, more)).toString()

/** A click on a button of a message, as docs.slack.dev shows it. */
export const clickPayload = (value: string | undefined, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  type: 'block_actions', api_app_id: 'A123456', token: 'deprecated-token',
  user: { id: 'U2CERLKJA', username: 'mika', name: 'mika', team_id: 'T1DC2JH3J' }, team: { id: 'T1DC2JH3J', domain: 'campus' }, enterprise: null, is_enterprise_install: false,
  container: { type: 'message', message_ts: '1548261231.000200', channel_id: 'D2147483705', is_ephemeral: false }, trigger_id: '12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3',
  channel: { id: 'D2147483705', name: 'directmessage' }, message: { bot_id: 'B1', type: 'message', text: 'web', user: 'UBERTH', ts: '1548261231.000200' },
  response_url: 'https://hooks.slack.com/actions/T1DC2JH3J/1232321423432/secretpath',
  actions: [{ action_id: 'extend', block_id: 'b1', text: { type: 'plain_text', text: 'Extend', emoji: false }, ...(value !== undefined && { value }), type: 'button', action_ts: '1548426417.840180' }],
  ...more,
})

/** A form that was sent in. */
export const formPayload = (state: unknown, fields: Readonly<Record<string, string | null>>, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  type: 'view_submission', api_app_id: 'A123456', token: 'deprecated-token', trigger_id: '156772938.1827394',
  team: { id: 'T1DC2JH3J', domain: 'campus' }, user: { id: 'U2CERLKJA', username: 'mika', name: 'mika', team_id: 'T1DC2JH3J' },
  view: {
    id: 'VNHU13V36', type: 'modal', callback_id: 'lend', private_metadata: state, hash: '1581106241.371594',
    state: { values: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, { [name]: { type: 'plain_text_input', value } }])) },
  },
  response_urls: [], ...more,
})

export const payloadBody = (payload: unknown): string => new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
