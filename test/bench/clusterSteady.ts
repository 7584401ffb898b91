/** `kube_100`: what a hundred open leases ask of the API server while nothing happens, and what each costs the worker. */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Cluster } from '../kubernetes/cluster.ts'
import { readAdmin } from '../kubernetes/kubeconfig.ts'
import { type BenchOptions, type Row, row } from './measure.ts'
import { countOf, lendMany, memoryOf, until, withRoles } from './open.ts'

export async function steady(cluster: Cluster, { quick, say }: BenchOptions, tell: (row: Row) => void): Promise<void> {
  const count = quick ? 8 : 100, warm = 8, minutes = quick ? 0.5 : 4, counter = await countRequests(cluster)
  try {
    await withRoles({ say, kubeconfig: counter.kubeconfig }, async ({ client, roles }) => {
      const far = () => Date.now() + 7 * 3_600_000
      await lendMany(client, { count: warm, dueOf: far, prefix: 'warm' })
      await until(async () => await countOf(client, open) >= warm, Date.now() + 120_000, 'the first are open')
      const before = await memoryOf(roles)
      await lendMany(client, { count, dueOf: far, prefix: 'member' })
      await until(async () => await countOf(client, open) >= count + warm, Date.now() + 300_000, 'all are open')
      const perLease = (await memoryOf(roles) - before) / count / 2 ** 20
      say(`kube_100: ${count} are open; counts requests for ${minutes} minutes`)
      counter.reset()
      await new Promise((done) => setTimeout(done, minutes * 60_000))
      const seen = counter.seen(), perMinute = seen.reduce((sum, { times }) => sum + times, 0) / minutes
      const inside = `${count + warm} open leases on nodes of kwok, watch every 5 s, no metrics API, real driver, roles core and host in a process of their own`
      tell(row({
        measure: 'kube_100', case: 'requests to the API server a minute', value: perMinute, unit: '',
        note: `over ${minutes} minutes: ${seen.map(({ what, times }) => `${times} ${what}`).join(', ')}; ${inside}`,
      }, { most: 30 }))
      tell(row({
        measure: 'kube_100', case: 'worker memory per open lease', value: perLease, unit: 'MB',
        note: `resident memory after a collection, with them less without them; ${inside}`,
      }, { most: 0.3 }))
    })
  } finally {
    counter.close()
  }
}

const open = `BerthPhase = 'ready' and ExecutionStatus = 'Running'`

interface Counter {
  /** Leads to the cluster by way of the counter, as its admin. */
  readonly kubeconfig: string
  reset(): void
  /** The most frequent first. */
  seen(): { readonly what: string; readonly times: number }[]
  close(): void
}

/** Stands before the API server, on loopback. */
async function countRequests({ kubeconfig }: Cluster): Promise<Counter> {
  const { server: to, ca, cert, key } = readAdmin(kubeconfig), seen = new Map<string, number>()
  const server = createServer((asked, answer) => {
    const what = `${asked.method} ${asked.url!.split('?')[0]!.replace(/\/namespaces\/[^/]+\/([^/]+)(\/[^/]+)?/, '/…/$1')}${asked.url!.includes('watch=true') ? ' (watch)' : ''}`
    seen.set(what, (seen.get(what) ?? 0) + 1)
    const { authorization: _, host: __, ...headers } = asked.headers
    const passed = request(`${to}${asked.url}`, { method: asked.method, headers, ca, cert, key }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers)
      got.pipe(answer)
    })
    passed.on('error', () => answer.destroy())
    answer.on('close', () => passed.destroy())
    asked.pipe(passed)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const file = join(kubeconfig, '../counted.json'), [cluster] = [JSON.parse(readFileSync(kubeconfig, 'utf8')) as { clusters: unknown; users: unknown }]
  const name = 'berth-test'
  writeFileSync(file, JSON.stringify({
    ...cluster, clusters: [{ name, cluster: { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name, user: { token: 'counted' } }],
  }), { mode: 0o600 })
  return {
    kubeconfig: file,
    reset: () => seen.clear(),
    seen: () => [...seen].map(([what, times]) => ({ what, times })).sort((a, b) => b.times - a.times),
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
