/** Two workers on one host's queue; and two instances of Berth on one engine and one zone. */
import { passThrough, settle, takeLeave, tellPassed } from './crowd.ts'
import { endingOf, returnLease } from './member.ts'
import { disposable, looksOften, stage, sweepNow } from './stage.ts'
import { type Trial, type Trying, none } from './trial.ts'

export const twins: Trial = {
  name: 'twins',
  promise: 'two workers on the same host queue; two instances of Berth on one engine and one zone: neither touches the other\'s',
  async run(it) {
    await twoWorkers(it, it.quick ? 8 : 60)
    await twoInstances(it, it.quick ? 4 : 20)
  },
}

async function twoWorkers(it: Trying, count: number): Promise<void> {
  await using berth = disposable(await stage(it))
  await berth.begin()
  await berth.begin(['host'])
  const passed = await passThrough(berth, { count })
  tellPassed(it, 'twins.workers', passed, count)
  await berth.account('twins.workers')
}

export async function twoInstances(it: Trying, count: number): Promise<void> {
  await using one = disposable(await stage(it, { policy: { clocks: looksOften } }))
  await using two = disposable(await stage(it, { beside: one }))
  await Promise.all([one.begin(), two.begin()])
  const [ours, theirs] = await Promise.all([settle(one, { count, atOnce: 4 }), settle(two, { count, atOnce: 4 })])
  const things = async () => [...(await two.containers()).map(({ Id, State }) => `${Id} ${State}`), ...await two.networks(),
    ...(await two.names.list(two.zone)).map(({ label, number }) => `${label} ${number}`)].sort().join('\n')
  const before = await things()
  // One of the first is left over, so that its sweep removes something; then it ends altogether.
  const [lost, ...kept] = ours
  await one.client().workflow.getHandle(lost!.leaseId).terminate('left over')
  await new Promise((done) => setTimeout(done, 2_500))
  const first = await sweepNow(one.client()), swept = first.asks ? await sweepNow(one.client(), { yesRemove: first.asks.remove }) : first
  await takeLeave(one, kept)
  await one.account('twins.one', { withinMs: 120_000 })
  it.tell(none('twins.touched', before === await things() ? 0 : 1, `of the other instance's ${before.split('\n').length} things; the sweep said: ${swept.sentence}`))
  const wrong: string[] = []
  for (const lease of theirs) {
    await returnLease(two.client(), lease)
    const ending = await endingOf(two.client(), lease)
    if (ending === 'terminated' || ending.reason !== 'returned') wrong.push(lease.leaseId)
  }
  it.tell(none('twins.ended', wrong, 'leases of the other instance that ended otherwise'))
  await two.account('twins.two')
}
