/** `kube_token_p50`: a kubeconfig at the driver, from the call to the token: two service accounts, a binding, a TokenRequest. */
import { randomBytes } from 'node:crypto'
import { namespaceObject } from '../../activities/kubernetes/account.ts'
import { connect } from '../../activities/kubernetes/client.ts'
import { createKubernetes } from '../../activities/kubernetes/kubernetes.ts'
import { createMarks } from '../../activities/mark.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import { asBerth } from '../ports/kubernetes/berth.ts'
import { type BenchOptions, type Row, row } from './measure.ts'
import { median, medianInterval, quantile } from './quantiles.ts'

const accounts = 20, warmUps = accounts

export async function takeTokens(cluster: Cluster, { quick, say }: BenchOptions, tell: (row: Row) => void): Promise<void> {
  // So few for each account that none has to give way to another.
  const turns = quick ? 5 : 200, marks = createMarks({ instance: `bench-${process.pid}`, secret: randomBytes(32) }), host = 'bench', times: number[] = []
  const client = connect(cluster), runtime = createKubernetes({ cluster: { kubeconfig: await asBerth(cluster) }, marks, host, control: [] })
  try {
    for (let nth = 0; nth < accounts; nth++) await client.apply(namespaceObject({ marks, host }, { member: `member-${nth}`, security: 'restricted', by: '' }))
    for (let turn = 0; turn < warmUps + turns; turn++) {
      if (turn % 50 === 0) say(`kube_token_p50: turn ${turn} of ${warmUps + turns}`)
      const began = performance.now()
      await runtime.reach.grant({ member: `member-${turn % accounts}`, id: randomBytes(8).toString('hex'), forMs: 3_600_000 })
      if (turn >= warmUps) times.push(performance.now() - began)
    }
  } finally {
    await runtime.close()
    await client.close()
  }
  tell(row({
    measure: 'kube_token_p50', value: median(times), ci: medianInterval(times), unit: 'ms',
    note: `p50 of ${turns}, p90 ${quantile(times, 0.9).toFixed(1)} ms; one after the other for ${accounts} accounts, each makes service account and binding anew; the driver alone with the rights of its manifest, on an API server of this machine`,
  }, { most: 40 }))
}
