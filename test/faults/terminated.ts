/** Account, site, watch and leases terminated in the Temporal UI's way, during the lends. */
import { accountId, siteId, watchId } from '../../workflows/contract.ts'
import { eventually } from '../journey/berth.ts'
import { passThrough, tellPassed, troubles } from './crowd.ts'
import { type Stage, disposable, looksOften, stage, sweepNow } from './stage.ts'
import { type Trial, exactly } from './trial.ts'

export const terminated: Trial = {
  name: 'terminated',
  promise: 'account, site, watch and lease terminated in the UI\'s way during 200 lends: 0 leaks after a sweep, 0 doubled, quota and ports right',
  async run(it) {
    const count = it.quick ? 16 : 200, leases = it.quick ? 2 : 6
    await using berth = disposable(await stage(it, { policy: { clocks: looksOften } }))
    await berth.begin()
    const client = berth.client(), part = (eighths: number) => Math.floor(count * eighths / 8)
    // It may not be there yet.
    const terminate = (id: string) => eventually(`${id} is terminated`, () => client.workflow.getHandle(id).terminate('by an admin, in the UI').then(() => true))
    const trouble = troubles([
      { at: part(1), act: () => terminate(accountId('mika')) },
      { at: part(2), act: () => someLeases(berth, leases) },
      { at: part(3), act: () => terminate(siteId('campus')) },
      { at: part(4), act: () => terminate(watchId(berth.host.name)) },
      { at: part(5), act: () => terminate(accountId('noor')) },
      { at: part(6), act: () => someLeases(berth, leases) },
      { at: part(7), act: () => terminate(siteId('campus')) },
    ])
    const passed = await passThrough(berth, { count, during: trouble.during })
    await trouble.done()
    tellPassed(it, 'terminated', passed, count)
    await new Promise((done) => setTimeout(done, 3_000)) // older than what a sweep leaves alone
    const asked = await sweepNow(client)
    const swept = asked.asks ? await sweepNow(client, { yesRemove: asked.asks.remove }) : asked
    it.tell(exactly('terminated.swept', swept.failed, 0, `removals that failed; first sweep: ${asked.sentence} Then: ${swept.sentence}`))
    await berth.account('terminated', { withinMs: 120_000 })
  },
}

async function someLeases(it: Stage, count: number): Promise<void> {
  const client = it.client()
  let left = count
  for await (const { workflowId } of client.workflow.list({ query: 'WorkflowType = \'lease\' AND BerthPhase = \'ready\' AND ExecutionStatus = \'Running\'' })) {
    if (left-- <= 0) return
    // One that was over meanwhile needs no termination.
    await client.workflow.getHandle(workflowId).terminate('by an admin, in the UI').catch(() => undefined)
  }
}
