/** Before anything is made: the server, the token, its switches, the team. */
import { wordOf } from '../call.ts'
import { type Findings, Trouble } from '../check.ts'
import { compareOurs } from '../clock.ts'
import { mattermostAt, type Mattermost, refusedBy } from './api.ts'

/** How far this machine’s clock is ahead of the server’s, in milliseconds; undefined when it told no time. */
export async function findServer(findings: Findings, base: string): Promise<number | undefined> {
  const what = 'server', { status, json, aheadMs } = await mattermostAt(base).ask('GET', '/config/client?format=old', { what })
  const version = wordOf(json?.['Version'])
  if (status !== 200 || version === undefined) throw new Trouble(what, 'bad', `What answers at ${base} (${status}) is not Mattermost; look at --server.`)
  findings.add(what, 'good', `Mattermost ${version} answers at ${base}.`)
  return compareOurs(findings, 'Mattermost', aheadMs)
}

export async function findAdmin(findings: Findings, api: Mattermost): Promise<void> {
  const what = 'token', answer = await api.ask('GET', '/users/me', { what })
  if (answer.status !== 200) throw refusedBy(answer, { what, permission: 'to use the API' })
  findings.add(what, 'good', `It is good, and ${wordOf(answer.json?.['username']) ?? 'somebody'}’s.`)
}

/** Switched off, each is told by name before the call that needs it fails. Answers whether direct messages are for members of one team alone. */
export async function checkSwitches(findings: Findings, api: Mattermost): Promise<boolean> {
  const what = 'settings', { status, json } = await api.ask('GET', '/config/client?format=old', { what })
  const off = ['EnableCommands', 'EnableBotAccountCreation', 'EnableUserAccessTokens'].filter((name) => json?.[name] === 'false')
  if (status !== 200 || json?.['EnableCommands'] === undefined) findings.add(what, 'note', 'They could not be read.')
  else if (off.length === 0) findings.add(what, 'good', 'Slash commands, bot accounts and personal access tokens are on.')
  // Not yet wrong: a bot that is there needs no switch to make one, and its tokens are good without the switch for members’.
  else findings.add(what, 'note', `Off: ${off.join(', ')} (System Console → Integrations).`)
  return json?.['RestrictDirectMessage'] === 'team'
}

export interface Team {
  readonly id: string
  readonly name: string
}

export async function findTeam(findings: Findings, api: Mattermost, name: string): Promise<Team> {
  const what = 'team', answer = await api.ask('GET', `/teams/name/${name}`, { what })
  if (answer.status === 404) throw new Trouble(what, 'bad', `There is no team ${name}; write it as it stands in its addresses, https://…/TEAM/channels/….`)
  const id = wordOf(answer.json?.['id'])
  if (answer.status !== 200 || id === undefined) throw refusedBy(answer, { what, permission: 'view_team' })
  findings.add(what, 'good', `${name} is ${id}.`)
  return { id, name }
}
