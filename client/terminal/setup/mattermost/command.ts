/** The slash command of a team, and its token. Made once, and brought up to date where it differs. */
import { wordOf } from '../call.ts'
import { type Findings, Trouble } from '../check.ts'
import { keepSecret, type Place } from '../secret.ts'
import { type Mattermost, refusedBy } from './api.ts'
import type { Team } from './look.ts'

/** What of it is Berth’s to say; the icon and the name that it answers by are the admin’s. */
const wanted = (team: string, url: string) => ({
  team_id: team, method: 'P', trigger: 'berth', url, auto_complete: true,
  auto_complete_desc: 'Borrow a container, for a time', auto_complete_hint: 'lend IMAGE --for 2h | list | help',
  display_name: 'Berth', description: 'Lends containers, for a time.',
})

interface Wish {
  readonly team: Team
  readonly url: string
  readonly yes: boolean
}

/** Its token. */
export async function keepCommand(findings: Findings, api: Mattermost, { team, url, yes }: Wish): Promise<string> {
  const what = 'slash command', wish = wanted(team.id, url)
  const listed = await api.ask('GET', `/commands?team_id=${team.id}&custom_only=true`, { what })
  if (listed.status !== 200) throw refusedBy(listed, { what, permission: 'manage_slash_commands (manage_own_slash_commands since v10)' })
  const there = listed.list.find((one) => one['trigger'] === wish.trigger && one['team_id'] === team.id)
  if (!there) {
    const made = await api.ask('POST', '/commands', { what, body: wish })
    if (made.status !== 201) throw refusedBy(made, { what, permission: 'manage_slash_commands (manage_own_slash_commands since v10)' })
    findings.add(what, 'made', `/berth in ${team.name}, which calls ${url}.`)
    return findings.hide(tokenOf(made.json))
  }
  const token = findings.hide(tokenOf(there))
  const differs = Object.entries(wish).filter(([name, value]) => there[name] !== value).map(([name]) => name)
  if (differs.length === 0) {
    findings.add(what, 'good', `/berth in ${team.name} calls ${url}.`)
    return token
  }
  const before = typeof there['url'] === 'string' && URL.canParse(there['url']) ? new URL(there['url']).host : 'nothing'
  if (before !== new URL(url).host && !yes) {
    throw new Trouble(what, 'bad', `/berth in ${team.name} calls another host, ${before}; write --yes to let it call ${new URL(url).host}.`)
  }
  const changed = await api.ask('PUT', `/commands/${wordOf(there['id']) ?? ''}`, { what, body: { ...there, ...wish } })
  if (changed.status !== 200) throw refusedBy(changed, { what, permission: 'manage_others_slash_commands' })
  findings.add(what, 'made', `/berth in ${team.name} calls ${url}; changed: ${differs.join(', ')}.`)
  return token
}

function tokenOf(command: Readonly<Record<string, unknown>> | undefined): string {
  const token = command?.['token']
  if (typeof token === 'string' && token !== '') return token
  throw new Trouble('slash command', 'bad', 'Mattermost does not show its token to this account; use the token of a system admin.')
}

/** Answers with the file. */
export const keepCommandToken = (findings: Findings, token: string, place: Place): Promise<string> =>
  keepSecret(findings, place, { what: 'command token', made: 'In', isRight: (kept) => kept === token, make: () => token })
