/** The lives of one lease that killed workers are tried in: every word is said until it is answered. */
import type { Ending } from '../../workflows/terms.ts'
import { type Lease, endingOf, extend, lend, pauseLease, resumeLease, returnLease, statusOf } from './member.ts'
import type { Stage } from './stage.ts'

export interface Life {
  readonly name: string
  /** Answers with what did not go as promised; nothing when all did. */
  play(it: Stage): Promise<{ readonly lease: Lease; readonly wrong: readonly string[] }>
}

const minute = 60_000

export const whole: Life = {
  name: 'lend, extend, pause, resume, return',
  async play(it) {
    const client = it.client(), lease = await lend(client, 'mika', { forMs: 20 * minute }), wrong: string[] = []
    const until = async (phase: string) => {
      const seen = await it.lookOut.until(lease.leaseId, phase, 120_000)
      if (seen === 'closed') throw new Error(`${lease.leaseId} was over before it was ${phase}`)
    }
    await until('ready')
    const before = (await statusOf(client, lease)).until!
    const { until: after } = await extend(client, lease, 7 * minute)
    if (after !== before + 7 * minute) wrong.push(`extended by ${(after - before) / minute} minutes instead of 7`)
    await pauseLease(client, lease)
    await until('paused')
    await resumeLease(client, lease)
    await until('ready')
    const { until: kept, endpoints } = await statusOf(client, lease)
    if (kept !== after) wrong.push('the extension was lost')
    const page = await fetch(`http://${endpoints[0]!.address}:${endpoints[0]!.hostPort}/`, { signal: AbortSignal.timeout(10_000) }).then(({ status }) => status, String)
    if (page !== 200) wrong.push(`its page answered ${page}`)
    await returnLease(client, lease)
    return { lease, wrong: [...wrong, ...endedOtherwise(await endingOf(client, lease), 'returned')] }
  },
}

export const short: Life = {
  name: 'lend, expiry',
  async play(it) {
    const client = it.client(), lease = await lend(client, 'mika', { forMs: 1_500 })
    return { lease, wrong: endedOtherwise(await endingOf(client, lease), 'due') }
  },
}

function endedOtherwise(ending: Ending | 'terminated', reason: Ending['reason']): string[] {
  const was = ending === 'terminated' ? ending : ending.reason
  return was === reason ? [] : [`ended as ${was}, ${ending === 'terminated' ? '' : ending.sentence}`]
}
