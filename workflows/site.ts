/**
 * `site:<name>`: the ledger of one place: its hosts, their capacity and host ports, and who waits. Only this workflow
 * lends room. It can be terminated at any time: the first host that speaks starts it again, and it rebuilds itself
 * from the open leases and the hosts' inventories before it lends anything. It never closes by itself.
 */
import { allHandlersFinished, condition, makeContinueAsNewFunc, workflowInfo } from '@temporalio/workflow'
import type { SiteInput } from './contract.ts'
import { answer, wakeForPorts } from './site/answer.ts'
import { isLong } from './renew.ts'
import { check, rebuild } from './site/check.ts'
import { hear } from './site/hear.ts'
import { watchHosts } from './site/lost.ts'
import { openSite } from './site/state.ts'

export async function site(input: SiteInput): Promise<void> {
  const it = openSite(input), { state } = it
  const long = () => isLong(state.clocks)
  hear(it)
  void answer(it)
  void wakeForPorts(it)
  void watchHosts(it)
  while (!state.rebuilt && !long()) await rebuild(it)
  while (!long()) {
    const wait = Math.max(1, state.nextCheckAt - Date.now())
    if (!(await condition(long, wait, { summary: 'Compare the ledger with the world' }))) await check(it)
  }
  it.closing = true
  await condition(() => it.telling === 0 && it.reading.size === 0 && !it.readingPolicy && allHandlersFinished())
  const goOn = makeContinueAsNewFunc<typeof site>({ memo: workflowInfo().memo ?? {} }) // Temporal does not hand it on by itself
  await goOn({ site: it.name, carried: state })
}
