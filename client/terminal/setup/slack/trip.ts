/**
 * The way of a slash command over HTTP, walked as Slack walks it: signed with the secret, to the gateway and back. A
 * harmless line of a user that does not exist, so nothing is started or told to anybody.
 */
import { randomUUID } from 'node:crypto'
import { signatureOf } from '../../../gateway/chat/slack/proof.ts'
import { addressesOf, hostOf, isReserved } from '../address.ts'
import { call } from '../call.ts'
import { type Findings, Trouble } from '../check.ts'
import { compareClocks } from '../clock.ts'
import { isHelp } from '../help.ts'

interface Trip {
  readonly url: string
  readonly secret: string
  readonly team: string
  /** How far this machine’s clock is ahead of Slack’s, in milliseconds; undefined when it is not known. */
  readonly mineAheadMs: number | undefined
  /** The gateway’s ahead of this machine’s. */
  readonly gatewayAheadMs: number | undefined
}

const what = 'round trip'

export async function walkSlack(findings: Findings, { url, secret, team, mineAheadMs, gatewayAheadMs }: Trip): Promise<void> {
  await checkReach(findings, url)
  const slackNow = Date.now() - (mineAheadMs ?? 0)
  const gatewayAhead = gatewayAheadMs === undefined || mineAheadMs === undefined ? undefined : gatewayAheadMs + mineAheadMs
  compareClocks(findings, 'gateway clock', { whose: 'The gateway’s clock', platform: 'Slack', aheadMs: gatewayAhead })
  const send = (form: Readonly<Record<string, string>>, signed: boolean) => {
    const body = new URLSearchParams({ team_id: team, user_id: 'U0BERTHSETUP', command: '/berth', text: 'help', trigger_id: `setup.${randomUUID()}`, ...form }).toString()
    const at = String(Math.floor(slackNow / 1000))
    const proof = { 'x-slack-request-timestamp': at, 'x-slack-signature': signatureOf(secret, at, body) }
    return call(`${url}/chat/slack/command`, {
      what, who: 'The gateway', method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded', ...signed ? proof : {} },
    })
  }
  const probe = await send({ ssl_check: '1' }, true)
  if (probe.status === 404) throw new Trouble(what, 'bad', 'This gateway serves no Slack: put the section below into its configuration, restart it, and run this again.')
  if (probe.status !== 200) throw new Trouble(what, 'bad', `The gateway answers Slack’s probe (ssl_check) with ${probe.status} instead of 200; look at its log, and at the proxy before it.`)
  const unsigned = await send({}, false)
  if (unsigned.status !== 401) throw new Trouble(what, 'bad', `What answers takes a command that nobody signed (${unsigned.status} instead of 401); it is no gateway of Berth, or a proxy answers for it.`)
  const answer = await send({}, true)
  if (answer.status === 401) {
    throw new Trouble(what, 'bad', Math.abs(gatewayAhead ?? 0) > 300_000
      ? 'The gateway refuses the signature, because its clock is off.'
      : `The gateway refuses the signature: it has no tenant ${team} with this signing secret. Put the section below and the secret’s file into its configuration, restart it, and run this again.`)
  }
  const said = answer.json?.['text'], quoted = findings.quote(said)
  if (answer.status !== 200 || !isHelp(said)) {
    throw new Trouble(what, 'bad', `The gateway took the signature, but its answer (${answer.status}) is not the help of /berth${quoted === undefined ? '; look at its log' : `: ${quoted}`}.`)
  }
  findings.add(what, 'good', 'A signed command got its answer, an unsigned one got none.')
}

async function checkReach(findings: Findings, url: string): Promise<void> {
  const host = hostOf(url), inside = (await addressesOf(host)).filter(isReserved)
  if (inside.length > 0) findings.add('reach', 'note', `From here ${host} is ${inside.join(', ')}, which Slack cannot reach from outside; if that is all there is, use --socket.`)
}
