/** `berth gateway setup slack`: what to click, or whether it was clicked right. */
import { basename } from 'node:path'
import { baseOf } from './address.ts'
import { Findings, sayFindings } from './check.ts'
import { findGateway } from './gateway.ts'
import { readSecret } from './secret.ts'
import { saySection } from './section.ts'
import { slackApi } from './slack/api.ts'
import { checkBot, checkSecretShape, checkSocket } from './slack/check.ts'
import { saySteps, slackSection, slackSteps } from './slack/steps.ts'
import { walkSlack } from './slack/trip.ts'
import type { Outcome } from './outcome.ts'
import { stop } from '../../refused.ts'

export interface SlackArgs {
  readonly url: string
  readonly socket: boolean
  readonly 'bot-token-file'?: string | undefined
  readonly 'signing-secret-file'?: string | undefined
  readonly 'app-token-file'?: string | undefined
  readonly api?: string | undefined
}

export async function setUpSlack(args: SlackArgs): Promise<Outcome> {
  const url = baseOf('--url', args.url), { socket } = args
  const api = args.api === undefined ? undefined : baseOf('--api', args.api)
  const { 'bot-token-file': botFile, 'signing-secret-file': secretFile, 'app-token-file': appFile } = args
  if (botFile === undefined && secretFile === undefined && appFile === undefined) {
    const steps = slackSteps({ url, socket, api })
    return { answer: { ...steps }, text: saySteps(steps), findings: [] }
  }
  if (botFile === undefined) throw stop('badLine', 'The bot’s token tells the team, so it is needed: --bot-token-file slack-bot-token.')
  const findings = new Findings()
  const [token, secret, appToken] = [botFile, secretFile, appFile].map((file) => file === undefined ? undefined : findings.hide(readSecret(file)))

  const at = api ?? slackApi
  const bot = await findings.attempt(() => checkBot(findings, { api: at, token: token! }))
  if (appToken !== undefined) await findings.attempt(() => checkSocket(findings, { api: at, token: appToken }))
  else if (socket) findings.add('app token', 'note', 'Not looked at; name its file with --app-token-file.')
  const gatewayAheadMs = await findGateway(url, findings, { needed: true })
  if (secret !== undefined) {
    await findings.attempt(async () => {
      checkSecretShape(secret)
      if (bot) await walkSlack(findings, { url, secret, team: bot.team, mineAheadMs: bot.aheadMs, gatewayAheadMs })
    })
  } else if (!socket) findings.add('signing secret', 'note', 'Not looked at, and no round trip without it; name its file with --signing-secret-file.')
  else findings.add('round trip', 'note', 'Over the socket only Slack can begin one: type /berth help there.')

  const file = (path: string | undefined) => path === undefined ? undefined : basename(path)
  const config = bot && slackSection(url, { team: bot.team, botTokenFile: basename(botFile), signingSecretFile: file(secretFile), appTokenFile: file(appFile), api })
  return {
    answer: { ok: findings.ok, findings: findings.all, ...(config !== undefined && { config }) },
    text: [sayFindings(findings.all), ...saySection(config)].join('\n'),
    findings: findings.all,
  }
}
