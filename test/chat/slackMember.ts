/** Somebody in Slack: signed requests as Slack sends them, and the page at which an account is linked. */
import { randomUUID } from 'node:crypto'
import { commandBody, payloadBody, signed } from './slackSigned.ts'

export interface SlackMember {
  readonly user: string
  /** Types `/berth TEXT`; answers with what is shown. */
  type(text: string, more?: { readonly trigger?: string }): Promise<string>
  /** The bare request, with what the gateway answers. */
  command(text: string, trigger?: string): Promise<Response>
  /** Presses a button with this value. */
  press(action: string, value: string | undefined): Promise<Response>
  /** Signs in at the page that a first word leads to, and types its code; answers with what is shown then. */
  link(uid: string, password: string, first?: string): Promise<string>
}

export function slackMember({ gateway, team, secret, user }: { readonly gateway: string; readonly team: string; readonly secret: string; readonly user: string }): SlackMember {
  const send = (path: string, body: string): Promise<Response> => fetch(`${gateway}/chat/slack/${path}`, { method: 'POST', ...signed(body, { secret, at: Date.now() }) })
  const it: SlackMember = {
    user,
    command: (text, trigger = randomUUID()) => send('command', commandBody(text, { team_id: team, user_id: user, trigger_id: trigger })),
    async type(text, { trigger } = {}) {
      const response = await it.command(text, trigger)
      if (response.status !== 200) throw new Error(`The gateway answered ${response.status}: ${await response.text()}`)
      return (await response.json() as { text: string }).text
    },
    press: (action, value) => send('interact', payloadBody({
      type: 'block_actions', api_app_id: 'A1', team: { id: team }, user: { id: user, team_id: team, username: 'somebody' }, trigger_id: randomUUID(),
      channel: { id: `D${user}` }, actions: [{ type: 'button', action_id: action, ...(value !== undefined && { value }) }],
    })),
    link: async (uid, password, first = 'link') => it.type(`link ${await codeAt(pageIn(await it.type(first)), uid, password)}`),
  }
  return it
}

export function pageIn(said: string): string {
  const page = /https?:\/\/[^\s>|]+\/link\/[^\s>|]+/.exec(said)?.[0]
  if (page === undefined) throw new Error(`No page is named: ${said}`)
  return page
}

/** Signs in at the page; the code that it shows. */
export async function codeAt(page: string, uid: string, password: string): Promise<string> {
  const response = await fetch(page, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ username: uid, password }) })
  const text = (await response.text()).replace(/<style[^]*?<\/style>|<[^>]*>/g, ' '), code = /\/berth link (\S+)/.exec(text)?.[1]
  if (code === undefined) throw new Error(`The page answered ${response.status}: ${text.slice(0, 500)}`)
  return code
}
