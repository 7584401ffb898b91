/** Many wishes of one member in the same instant, against a quota. */
import { RefusedHere, type Lease, lend } from './member.ts'
import { takeLeave } from './crowd.ts'
import { disposable, stage } from './stage.ts'
import { type Trial, exactly, none } from './trial.ts'

const quotaOf = 10

export const quota: Trial = {
  name: 'quota',
  promise: '200 lends at once against a quota of 10: exactly 10',
  async run(it) {
    const count = it.quick ? 60 : 200
    await using berth = disposable(await stage(it, { policy: { defaults: { count: quotaOf } } }))
    await berth.begin()
    const client = berth.client(), leases: Lease[] = [], refused: string[] = [], odd: string[] = []
    await Promise.all(Array.from({ length: count }, () => lend(client, 'mika').then((lease) => { leases.push(lease) }, (error: unknown) => {
      if (error instanceof RefusedHere && error.refusal.kind === 'quotaFull') refused.push(error.refusal.kind)
      else odd.push(error instanceof RefusedHere ? error.message : String(error))
    })))
    it.tell(exactly('quota.lent', leases.length, quotaOf, `of ${count} wishes at once`))
    it.tell(exactly('quota.refused', refused.length, count - quotaOf, 'by the quota, in words'))
    it.tell(none('quota.odd', odd, 'wishes answered otherwise'))
    await Promise.all(leases.map(({ leaseId }) => berth.lookOut.until(leaseId, 'ready')))
    it.tell(exactly('quota.containers', (await berth.containers()).length, quotaOf, 'containers that run'))
    await takeLeave(berth, leases)
    await berth.account('quota')
  },
}
