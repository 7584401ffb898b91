/** `kube_takeback_p99`: twenty leases taken back at once, each until a look proves it absent. */
import { randomBytes } from 'node:crypto'
import { createKubernetes } from '../../activities/kubernetes/kubernetes.ts'
import { createMarks } from '../../activities/mark.ts'
import { webImage } from '../../worker/embedded/image.ts'
import type { StartOrder } from '../../workflows/ports.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import { newKey } from '../ports/names.suite.ts'
import { clusterReserve } from './clusterFloor.ts'
import { type BenchOptions, type Row, row } from './measure.ts'
import { median, quantile } from './quantiles.ts'

const atOnce = 20, firstPort = 32_000

export async function takeBackMany({ kubeconfig }: Cluster, { quick, say }: BenchOptions, tell: (row: Row) => void): Promise<void> {
  const rounds = quick ? 1 : 10, times: number[] = []
  const marks = createMarks({ instance: `bench-${process.pid}`, secret: randomBytes(32) })
  const runtime = createKubernetes({ cluster: { kubeconfig }, marks, host: 'bench', control: [], reserve: clusterReserve, listenMs: 60_000, roomMs: 60_000 })
  const signs = { heartbeat: () => {}, signal: new AbortController().signal }
  const order = (nth: number): StartOrder => ({
    key: newKey(), number: 1, member: `member-${nth % 5}`, hostPorts: [firstPort + nth],
    spec: { image: 'web', reference: webImage, cpu: 0.1, memory: 32 * 2 ** 20, ports: [80] },
  })
  try {
    for (let round = 0; round < rounds; round++) {
      say(`kube_takeback_p99: round ${round} of ${rounds}`)
      const orders = Array.from({ length: atOnce }, (_, nth) => order(nth))
      await Promise.all(orders.map((one) => runtime.start(one, signs)))
      times.push(...await Promise.all(orders.map(async (one) => {
        const began = performance.now()
        await runtime.remove(one)
        const sight = await runtime.look(one)
        if (sight.is !== 'absent') throw new Error(`A lease is ${sight.is} after its removal.`)
        return performance.now() - began
      })))
    }
  } finally {
    await runtime.close()
  }
  tell(row({
    measure: 'kube_takeback_p99', value: quantile(times, 0.99) / 1000, unit: 's',
    note: `p99 of ${times.length}, p50 ${Math.round(median(times))} ms; ${rounds} rounds of ${atOnce} leases of 5 accounts at once, each from the call until a look `
      + 'proves Deployment, pod and Service absent, grace 0; the runtime alone on one real node of two cores',
  }, { most: 6 }))
}
