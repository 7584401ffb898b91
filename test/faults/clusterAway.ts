/** A host that is a cluster: its API server killed and back during lends, calls to it that fail, and what an admin breaks. */
import { setTimeout as pause } from 'node:timers/promises'
import { type Cluster, startCluster } from '../kubernetes/cluster.ts'
import { passThrough, tellPassed, troubles } from './crowd.ts'
import { disposable, stage } from './stage.ts'
import type { Trial, Trying } from './trial.ts'

/** How long the API server is away. */
const awayMs = 5_000

/** On a cluster of this row alone, with one real node. */
export async function withCluster(it: Trying, play: (cluster: Cluster) => Promise<void>): Promise<void> {
  await using cluster = disposable(await startCluster({ mode: 'node', say: it.say }))
  await play(cluster)
}

export const clusterKilled: Trial = {
  name: 'clusterKilled',
  promise: 'the API server of a cluster killed -9 and restarted during 60 lends: all end right, 0 leaks',
  run: (it) => withCluster(it, async (cluster) => {
    const count = it.quick ? 9 : 60
    await using berth = disposable(await stage(it, { cluster: { kubeconfig: cluster.kubeconfig, alone: true } }))
    await berth.begin()
    const act = async () => {
      await cluster.api.kill()
      await pause(awayMs)
      await cluster.api.start()
    }
    const around = troubles((it.quick ? [2] : [1, 3, 5]).map((sixths) => ({ at: Math.floor(count * sixths / 6), act })))
    const passed = await passThrough(berth, { count, atOnce: it.quick ? 3 : 6, during: around.during })
    await around.done()
    tellPassed(it, 'clusterKilled', passed, count)
    await berth.account('clusterKilled', { withinMs: 120_000 })
  }),
}

export const clusterFlaky: Trial = {
  name: 'clusterFlaky',
  promise: '30 % of calls to a cluster, nameserver, directory failing or answering after the deadline, also after having done the work: all end right, 0 leaks',
  run: (it) => withCluster(it, async ({ kubeconfig }) => {
    const count = it.quick ? 6 : 60
    await using berth = disposable(await stage(it, { cluster: { kubeconfig, alone: true }, policy: { clocks: { step: '3s' } } }))
    berth.order({ flaky: { share: 0.3, seed: it.seed, lateMs: 4_500 } })
    await berth.begin()
    const passed = await passThrough(berth, { count, atOnce: 6 })
    tellPassed(it, 'clusterFlaky', passed, count)
    await berth.account('clusterFlaky', { withinMs: 120_000 })
  }),
}
