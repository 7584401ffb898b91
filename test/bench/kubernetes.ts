/** `kube_lend_over_floor`, `kube_takeback_p99`: on one real node. `kube_token_p50`: on an API server alone. `kube_100`: a hundred open leases on nodes that only seem to be. */
import { startCluster, type Cluster } from '../kubernetes/cluster.ts'
import { type Lender, openLender } from './lent.ts'
import { type BenchOptions, type Measure, type Row, row } from './measure.ts'
import { median, medianInterval, quantile } from './quantiles.ts'
import { openStage, type Stage } from './stage.ts'
import { takeBackMany } from './clusterTakeBack.ts'
import { steady } from './clusterSteady.ts'
import { takeTokens } from './clusterToken.ts'

export const measureKubernetes: Measure = {
  names: ['kube_lend_over_floor', 'kube_takeback_p99', 'kube_token_p50', 'kube_100'],
  async take(wanted, options, tell) {
    if (wanted.has('kube_lend_over_floor') || wanted.has('kube_takeback_p99')) {
      await on('node', options, async (cluster) => {
        if (wanted.has('kube_takeback_p99')) await takeBackMany(cluster, options, tell)
        if (!wanted.has('kube_lend_over_floor')) return
        await lendOverFloor({ cluster, probe: 'pod', most: 1.2 }, options, tell)
        await lendOverFloor({ cluster, probe: 'node port', most: 1.2 }, options, tell)
      })
    }
    if (wanted.has('kube_token_p50')) await on('api', options, (cluster) => takeTokens(cluster, options, tell))
    if (wanted.has('kube_100')) await on('kwok', options, (cluster) => steady(cluster, options, tell))
  },
}

async function on(mode: Cluster['mode'], { say }: BenchOptions, work: (cluster: Cluster) => Promise<void>): Promise<void> {
  const cluster = await startCluster({ mode, say })
  try {
    await work(cluster)
  } finally {
    await cluster.stop()
  }
}

/** The floor ends when the pod is ready; a lend that ends there too, and one that ends when its node port answers. */
interface Kind {
  readonly cluster: Cluster
  readonly probe: 'pod' | 'node port'
  readonly most: number
}

async function lendOverFloor({ cluster, probe, most }: Kind, options: BenchOptions, tell: (row: Row) => void): Promise<void> {
  const stage = await openStage({ ...options, cluster: { ...cluster, probe } })
  const lender = await openLender(stage)
  try {
    const { times, turns } = await pairs({ stage, lender, options })
    const ratios = times.lend.map((ms, turn) => ms / times.floor[turn]!)
    tell(row({
      measure: 'kube_lend_over_floor', case: probe === 'pod' ? 'until its pod is ready, and named' : 'until its node port answers, and named',
      value: median(ratios), ci: medianInterval(ratios), unit: 'x',
      note: `p50 of ${turns} ratios; lend p50 ${Math.round(median(times.lend))} ms, floor (apply of Deployment and Service until the pod is ready, one signed update) `
        + `p50 ${Math.round(median(times.floor))} ms, p90 ${Math.round(quantile(times.lend, 0.9))} and ${Math.round(quantile(times.floor, 0.9))} ms; `
        + `the account's Namespace stands; ${stage.inside}`,
    }, { most }))
  } finally {
    lender.close()
    await stage.close()
  }
}

/** Two kinds take turns; the order changes from turn to turn. A lease of the member stands, so that its Namespace does. */
async function pairs({ stage, lender, options: { quick, say } }: { stage: Stage; lender: Lender; options: BenchOptions }) {
  const turns = quick ? 2 : 40, warmUps = quick ? 1 : 3, berth = await stage.member(0)
  await lender.lend(berth)
  const times = { floor: [] as number[], lend: [] as number[] }
  const kinds = {
    async floor() {
      const { ms, undo } = await stage.floor.raise(0)
      await undo()
      return ms
    },
    async lend() {
      const lent = await lender.lend(berth)
      await lender.takeBack(lent)
      return lent.readyMs
    },
  }
  for (let turn = 0; turn < warmUps + turns; turn++) {
    if (turn % 10 === 0) say(`kube_lend_over_floor: turn ${turn} of ${warmUps + turns}`)
    for (const kind of turn % 2 === 0 ? ['floor', 'lend'] as const : ['lend', 'floor'] as const) {
      const ms = await kinds[kind]()
      if (turn >= warmUps) times[kind].push(ms)
    }
  }
  return { times, turns }
}
