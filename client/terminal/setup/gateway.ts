/** Whether a gateway of Berth answers at its address, and what its clock says. */
import { call } from './call.ts'
import { type Findings, Trouble } from './check.ts'

/** How far its clock is ahead of ours, in milliseconds. `needed` false: that it is not reached from here proves nothing. */
export async function findGateway(url: string, findings: Findings, { needed }: { readonly needed: boolean }): Promise<number | undefined> {
  const what = 'gateway'
  try {
    const { status, json, aheadMs } = await call(`${url}/healthz`, { what, who: 'The gateway' })
    if (status !== 200 || json?.['ok'] !== true) throw new Trouble(what, 'bad', `What answers at ${url} (${status}) is not a gateway of Berth; look at the address, and at the proxy before it.`)
    findings.add(what, 'good', `A gateway of Berth answers at ${url}.`)
    return aheadMs
  } catch (error) {
    if (!(error instanceof Trouble)) throw error
    const { is, says } = error.finding
    findings.add(what, is === 'away' && !needed ? 'note' : is, says)
    return undefined
  }
}
