/** Renewals within 50 ms of the expiry: on the server, and by hand-built histories. */
import { refusalIn } from '../../workflows/refuse.ts'
import { extendUpdate } from '../../workflows/contract.ts'
import { playRenewals } from '../workflows/renewals.ts'
import { inTurns } from './crowd.ts'
import { type Lease, endingOf, lend, returnLease, statusOf } from './member.ts'
import { type Stage, disposable, members, stage } from './stage.ts'
import { type Trial, exactly, none } from './trial.ts'

const apartMs = 50

export const renewals: Trial = {
  name: 'renewals',
  promise: 'renewals within ±50 ms of the expiry, 10,000 by histories and 200 on the server: none both renewed and removed',
  async run(it) {
    const played = (await Promise.all(Object.values(await playRenewals(it.quick ? 200 : 10_000, it.seed)))).flat()
    it.tell(none('renewals.histories.both', played.filter(({ renewed, removed }) => renewed && removed).length, `of ${played.length} histories`))
    it.tell(none('renewals.histories.neither', played.filter(({ renewed, removed }) => !renewed && !removed).length, 'neither renewed nor removed'))

    const count = it.quick ? 12 : 200
    await using berth = disposable(await stage(it))
    await berth.begin()
    const seen: string[] = []
    await inTurns(Array.from({ length: count }, (_, at) => at), async (at) => { seen.push(await one(berth, at, it.random)) }, 20)
    const told = (what: string) => seen.filter((one) => one === what).length
    const odd = seen.filter((one) => one !== 'renewed' && one !== 'removed')
    it.tell(exactly('renewals.server', told('renewed') + told('removed'), count, `${told('renewed')} renewed, ${told('removed')} removed`))
    it.tell(none('renewals.server.both', odd, 'both renewed and removed, or otherwise odd'))
    await berth.account('renewals')
  },
}

/** Lent for a short time, and asked for more as it ends. A renewal must be kept: it lives on until it is returned. */
async function one(it: Stage, at: number, random: () => number): Promise<string> {
  const client = it.client(), lease: Lease = await lend(client, members[at % members.length]!, { forMs: 12_000 })
  if (await it.lookOut.until(lease.leaseId, 'ready') === 'closed') return `${lease.leaseId} was over before it was seen ready`
  const { until } = await statusOf(client, lease), when = until! + Math.round((random() * 2 - 1) * apartMs)
  await new Promise((done) => setTimeout(done, Math.max(0, when - Date.now())))
  const requestId = `renewal-${at}`
  const answer = await client.workflow.getHandle(lease.leaseId)
    .executeUpdate(extendUpdate, { args: [{ key: lease.key, requestId, by: { uid: lease.member }, byMs: 600_000 }], updateId: requestId })
    .then(({ until: longer }) => longer > until! ? 'renewed' : `${lease.leaseId} was renewed by nothing`, (error: unknown) => refusalIn(error)?.kind ?? (/not found|already completed/i.test(String(error)) ? 'over' : String(error)))
  if (answer === 'renewed') {
    await new Promise((done) => setTimeout(done, 2_000)) // a removal that was under way would be seen by now
    const { phase } = await statusOf(client, lease)
    await returnLease(client, lease)
    const ending = await endingOf(client, lease)
    return phase === 'ready' && ending !== 'terminated' && ending.reason === 'returned' ? 'renewed' : `${lease.leaseId} was renewed, was ${phase} and ended ${ending === 'terminated' ? ending : ending.reason}`
  }
  if (answer !== 'over') return `${lease.leaseId}: ${answer}`
  const ending = await endingOf(client, lease)
  return ending !== 'terminated' && ending.reason === 'due' ? 'removed' : `${lease.leaseId} was refused and ended ${ending === 'terminated' ? ending : ending.reason}`
}
