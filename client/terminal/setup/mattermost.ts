/** `berth gateway setup mattermost`: makes what is missing by Mattermost’s API, and checks it. Run again, it changes nothing. */
import { baseOf } from './address.ts'
import { Findings, sayFindings } from './check.ts'
import { compareClocks } from './clock.ts'
import { findGateway } from './gateway.ts'
import { mattermostAt } from './mattermost/api.ts'
import { joinTeam, keepBot, keepBotToken } from './mattermost/bot.ts'
import { keepCommand, keepCommandToken } from './mattermost/command.ts'
import { checkSwitches, findAdmin, findServer, findTeam } from './mattermost/look.ts'
import { checkReach } from './mattermost/reach.ts'
import { mattermostFiles, mattermostSection, mattermostSteps } from './mattermost/steps.ts'
import { walkMattermost } from './mattermost/trip.ts'
import { readSecret } from './secret.ts'
import { sayInOrder, saySection } from './section.ts'
import type { Outcome } from './outcome.ts'

export interface MattermostArgs {
  readonly server: string
  readonly url: string
  readonly name: string
  readonly team: string
  readonly 'token-file'?: string | undefined
  readonly yes: boolean
}

/** `folder`: where the tokens are written. */
export async function setUpMattermost(args: MattermostArgs, folder = '.'): Promise<Outcome> {
  const server = baseOf('--server', args.server), url = baseOf('--url', args.url)
  const { name, team: teamName, yes } = args
  if (args['token-file'] === undefined) {
    const steps = mattermostSteps({ server, url, name, team: teamName })
    return { answer: { steps }, text: sayInOrder(steps).join('\n'), findings: [] }
  }
  const findings = new Findings(), api = mattermostAt(server, findings.hide(readSecret(args['token-file'])))
  const names = mattermostFiles({ name, team: teamName })

  const config = await findings.attempt(async () => {
    const aheadMs = await findServer(findings, server)
    await findAdmin(findings, api)
    const restricted = await findings.attempt(() => checkSwitches(findings, api))
    const team = await findTeam(findings, api, teamName)

    const bot = await findings.attempt(() => keepBot(findings, api))
    if (bot !== undefined && restricted === true) await findings.attempt(() => joinTeam(findings, api, { bot, team }))
    const botTokenFile = bot === undefined ? undefined
      : await findings.attempt(() => keepBotToken(findings, api, { bot, folder, file: names.botTokenFile, yes, description: `Berth at ${url}, as ${name}` }))
    const token = await findings.attempt(() => keepCommand(findings, api, { team, url: `${url}/chat/mattermost/${name}/command`, yes }))
    const commandTokenFile = token === undefined ? undefined : await findings.attempt(() => keepCommandToken(findings, token, { folder, file: names.commandTokenFile, yes }))

    const gatewayAheadMs = await findGateway(url, findings, { needed: false })
    if (gatewayAheadMs !== undefined && aheadMs !== undefined) {
      compareClocks(findings, 'gateway clock', { whose: 'The gateway’s clock', platform: 'Mattermost', aheadMs: gatewayAheadMs + aheadMs })
    }
    await findings.attempt(() => checkReach(findings, api, url))
    if (token !== undefined) await findings.attempt(() => walkMattermost(findings, api, { team, url }))
    // A section that names files which are not there would help nobody.
    if (botTokenFile === undefined || commandTokenFile === undefined) return undefined
    return mattermostSection(url, { name, server, botTokenFile, commandTokenFiles: { [team.id]: commandTokenFile } })
  })

  const changed = findings.all.filter(({ is }) => is === 'made').map(({ what }) => what)
  return {
    answer: { ok: findings.ok, findings: findings.all, changed, ...(config !== undefined && { config }) },
    text: [
      sayFindings(findings.all), ...saySection(config),
      '', changed.length === 0 ? 'Nothing was changed.' : `Changed: ${changed.join(', ')}.`,
    ].join('\n'),
    findings: findings.all,
  }
}
