/** The bot account that cards come from, and its token. Made once. */
import { wordOf } from '../call.ts'
import { type Findings, Trouble } from '../check.ts'
import { keepSecret, type Place } from '../secret.ts'
import { mattermostAt, type Mattermost, refusedBy } from './api.ts'
import type { Team } from './look.ts'

export const botName = 'berth'

/** Its user id. One that is switched off is switched on. */
export async function keepBot(findings: Findings, api: Mattermost): Promise<string> {
  const what = 'bot', there = await api.ask('GET', `/users/username/${botName}`, { what })
  if (there.status === 200) {
    const { id, is_bot: isBot, delete_at: deletedAt } = there.json ?? {}
    if (isBot !== true || wordOf(id) === undefined) throw new Trouble(what, 'bad', `The name ${botName} is a member’s here, not a bot’s; rename that account.`)
    if (typeof deletedAt === 'number' && deletedAt > 0) {
      const enabled = await api.ask('POST', `/bots/${id as string}/enable`, { what })
      if (enabled.status !== 200) throw refusedBy(enabled, { what, permission: 'manage_others_bots' })
      findings.add(what, 'made', `The account ${botName} was switched off and is on again.`)
    } else findings.add(what, 'good', `The account ${botName} is there.`)
    return id as string
  }
  if (there.status !== 404) throw refusedBy(there, { what, permission: 'view_members' })
  const made = await api.ask('POST', '/bots', { what, body: { username: botName, display_name: 'Berth', description: 'Lends containers, for a time.' } })
  const id = wordOf(made.json?.['user_id'])
  if (made.status !== 201 || id === undefined) throw refusedBy(made, { what, permission: 'create_bot' })
  findings.add(what, 'made', `The account ${botName}.`)
  return id
}

/** Where direct messages are for members of one team alone, the bot must be one of them, or its cards reach nobody. */
export async function joinTeam(findings: Findings, api: Mattermost, { bot, team }: { readonly bot: string; readonly team: Team }): Promise<void> {
  const what = 'membership', there = await api.ask('GET', `/teams/${team.id}/members/${bot}`, { what })
  if (there.status === 200 && there.json?.['delete_at'] === 0) return findings.add(what, 'good', `The bot is in ${team.name}.`)
  const joined = await api.ask('POST', `/teams/${team.id}/members`, { what, body: { team_id: team.id, user_id: bot } })
  if (joined.status !== 201) throw refusedBy(joined, { what, permission: 'add_user_to_team' })
  findings.add(what, 'made', `The bot is in ${team.name} now: this server lets only members of one team write to each other (RestrictDirectMessage).`)
}

interface BotPlace extends Place {
  readonly bot: string
  /** What an admin reads in the list of the bot’s tokens. */
  readonly description: string
}

/** The server never shows a token again, so a good one in the file is kept. Answers with the file. */
export async function keepBotToken(findings: Findings, api: Mattermost, { bot, description, ...place }: BotPlace): Promise<string> {
  const what = 'bot token'
  return keepSecret(findings, place, {
    what, made: 'A new one, in',
    async isRight(kept) {
      const { status, json } = await mattermostAt(api.base, findings.hide(kept)).ask('GET', '/users/me', { what })
      return status === 200 && json?.['id'] === bot
    },
    async make() {
      const made = await api.ask('POST', `/users/${bot}/tokens`, { what, body: { description } }), token = made.json?.['token']
      if (![200, 201].includes(made.status) || typeof token !== 'string' || token === '') throw refusedBy(made, { what, permission: 'create_user_access_token (and manage_others_bots)' })
      return findings.hide(token)
    },
  })
}
