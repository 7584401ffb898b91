/** The clock of a role's machine is off by an hour. */
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/index.js'
import { eventually } from '../journey/berth.ts'
import { settle, takeLeave } from './crowd.ts'
import { endingOf, lend, statusOf } from './member.ts'
import { disposable, stage } from './stage.ts'
import { type Trial, atMost, exactly, none } from './trial.ts'

const hour = 3_600_000

export const clockOff: Trial = {
  name: 'clockOff',
  promise: 'clock of the host off by an hour: stories follow Temporal\'s clock; signed updates say what is wrong',
  async run(it) {
    await using berth = disposable(await stage(it))
    const client = berth.client(), right = await berth.begin(['core'])
    for (const [sign, by] of [['ahead', hour], ['behind', -hour]] as const) {
      berth.order({ clockMs: by })
      const host = await berth.begin(['host'])
      const asked = Date.now(), [lease] = await settle(berth, { count: 1, wish: { forMs: 8_000 } })
      const { readyAt, until } = await statusOf(client, lease!)
      const ending = await endingOf(client, lease!), lived = Date.now() - readyAt!
      const wrong = ending === 'terminated' || ending.reason !== 'due' ? [JSON.stringify(ending)] : []
      if (until !== readyAt! + 8_000) wrong.push(`lent for ${until! - readyAt!} ms`)
      it.tell(none(`clockOff.host_${sign}.wrong`, wrong, 'a lease of 8 s'))
      it.tell(atMost(`clockOff.host_${sign}.late`, Math.max(Math.abs(readyAt! - asked), lived - 8_000) / 1000, { most: 60, unit: 's', note: 'from the wish to ready, or from due to gone, by Temporal\'s clock' }))
      await host.stop()
    }
    await right.stop()
    const off = await berth.begin(['core']) // its clock is behind
    berth.order({})
    await berth.begin(['host'])
    const lease = await lend(client, 'mika')
    const why = await eventually('the claim says what is wrong', async () => {
      const { raw } = await client.workflow.getHandle(lease.leaseId).describe()
      const failure = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'claimName')?.lastFailure
      return causes(await decodeOptionalFailureToOptionalError(client.options.loadedDataConverter, failure))
    }, 60_000).catch(String)
    it.tell(exactly('clockOff.signed.says_why', /clock is off by 3,(59|60)\d s/.test(why) ? 1 : 0, 1, why.slice(0, 300)))
    await off.stop()
    await berth.begin(['core'])
    it.tell(exactly('clockOff.signed.ready_after', await berth.lookOut.until(lease.leaseId, 'ready') === 'ready' ? 1 : 0, 1, 'once the clock is right'))
    await takeLeave(berth, [lease])
    await berth.account('clockOff')
  },
}

const causes = (error: unknown): string | undefined => error instanceof Error ? [error.message, causes(error.cause)].filter(Boolean).join(': ') : undefined
