/**
 * The way of a slash command: Mattermost itself runs `/berth help` for the admin, because nobody else can make the
 * `trigger_id` that the gateway asks for. Nothing is started, and the answer is seen by the admin alone.
 */
import { wordOf } from '../call.ts'
import { type Findings, Trouble } from '../check.ts'
import { isHelp } from '../help.ts'
import { errorId, type Mattermost, refusedBy } from './api.ts'
import type { Team } from './look.ts'

const what = 'round trip'

export async function walkMattermost(findings: Findings, api: Mattermost, { team, url }: { readonly team: Team; readonly url: string }): Promise<void> {
  // Every team has it, whatever it is called by now.
  const square = await api.ask('GET', `/teams/${team.id}/channels/name/town-square`, { what })
  const channel = wordOf(square.json?.['id'])
  if (square.status !== 200 || channel === undefined) throw refusedBy(square, { what, permission: 'read_channel; be a member of the team' })
  const answer = await api.ask('POST', '/commands/execute', { what, body: { channel_id: channel, command: '/berth help' } })
  const id = errorId(answer), said = answer.json?.['text'], quoted = findings.quote(said)
  if (answer.status === 200) {
    if (isHelp(said)) return findings.add(what, 'good', 'Mattermost ran /berth help, and Berth answered.')
    throw new Trouble(what, 'bad', `Mattermost ran /berth help, and the answer was${quoted === undefined ? ' empty.' : `: ${quoted}`} If Berth does not know this command yet, put the section below and its files into its configuration, restart it, and run this again.`)
  }
  if (id === 'api.command.execute_command.failed_resp.app_error') {
    // "Command with a trigger of 'berth' returned response 404 Not Found."
    const [, status] = / (\d{3}) /.exec(typeof answer.json?.['message'] === 'string' ? answer.json['message'] : '') ?? []
    throw new Trouble(what, 'bad', status === '404'
      ? 'Mattermost reached the gateway, which serves no Mattermost (404): put the section below and its files into its configuration, restart it, and run this again.'
      : `Mattermost reached ${url}, and got ${status ?? 'another answer'} instead of 200; look at the log of the gateway, and of the proxy before it.`)
  }
  if (id.startsWith('api.command.execute_command.failed')) {
    throw new Trouble(what, 'bad', `Mattermost could not call ${url}. Its log says why: a private address that AllowedUntrustedInternalConnections does not list, a certificate that the server does not trust, a firewall, or no such name there.`)
  }
  throw refusedBy(answer, { what, permission: 'create_post in town-square' })
}
