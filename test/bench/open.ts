/**
 * `open_1000`: a thousand leases open at once. How late each is taken back (its story closes, so its absence is proven)
 * after its due moment, when the ends are spread over two minutes; and what one more open lease costs the worker.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { startTemporal } from '../../worker/embedded/temporal/start.ts'
import { dataConverter } from '../../worker/keys/converter.ts'
import { attributes } from '../../workflows/contract.ts'
import { type BenchOptions, type Measure, type Row, row } from './measure.ts'
import { median, quantile } from './quantiles.ts'
import { residentOf } from './resident.ts'
import { lend } from './small.ts'
import type { RolesOrder } from './openRoles.ts'

const perMember = 20, inFlight = 8

export const measureOpen: Measure = {
  names: ['open_1000'],
  take: (_, options, tell) => withRoles(options, (opened) => openAndEnd(opened, options, tell)),
}

/** A Temporal of its own, and roles core and host in a process of their own. */
export async function withRoles({ say, kubeconfig }: { readonly say: BenchOptions['say']; readonly kubeconfig?: string }, work: (opened: Opened) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'berth-bench-'))
  const temporal = await startTemporal({ dir, say })
  const connection = await Connection.connect({ address: temporal.address })
  const secret = randomBytes(32), namespace = `bench-${randomUUID()}`
  const roles = await startRoles({ address: temporal.address, namespace, secret: secret.toString('base64'), ...(kubeconfig !== undefined && { kubeconfig }) })
  try {
    const client = new Client({ connection, namespace, dataConverter: dataConverter({ current: 'k', keys: new Map([['k', secret]]) }) })
    await work({ client, roles, serverPid: temporal.pid })
  } finally {
    await end(roles)
    await connection.close()
    await temporal.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

export interface Opened {
  readonly client: Client
  readonly roles: ChildProcess
  readonly serverPid: number
}

async function openAndEnd({ client, roles, serverPid }: Opened, { quick, say }: BenchOptions, tell: (row: Row) => void): Promise<void> {
  const count = quick ? 40 : 1_000, spreadMs = quick ? 5_000 : 120_000, leadMs = quick ? 30_000 : 150_000, warm = quick ? inFlight : 8 * inFlight
  await lendMany(client, { count: warm, dueOf: () => Date.now() + 7 * 3_600_000, prefix: 'warm' })
  const before = await memoryOf(roles)
  const began = Date.now(), firstDue = began + leadMs
  await lendMany(client, { count, dueOf: (nth) => firstDue + nth / count * spreadMs, prefix: 'member' })
  await until(async () => await countOf(client, `BerthPhase = 'ready' and ExecutionStatus = 'Running'`) >= count + warm, firstDue, 'all are open')
  const openedMs = Date.now() - began
  const perLease = (await memoryOf(roles) - before) / count / 2 ** 20
  say(`open_1000: ${count} are open after ${Math.round(openedMs / 1000)} s; the first ends in ${Math.round((firstDue - Date.now()) / 1000)} s`)
  const ended = `BerthKind = 'lease' and ExecutionStatus = 'Completed'`
  await until(async () => await countOf(client, ended) >= count, firstDue + spreadMs + 120_000, 'all are taken back')
  const late: number[] = []
  for await (const { closeTime, typedSearchAttributes } of client.workflow.list({ query: ended })) {
    late.push(closeTime!.getTime() - typedSearchAttributes.get(attributes.due)!.getTime())
  }
  const inside = `${count} open leases of ${Math.ceil(count / perMember)} accounts, lent in ${Math.round(openedMs / 1000)} s, ends spread over ${spreadMs / 1000} s, `
    + 'one warning each; memory runtime, nameserver and directory, codec on, Temporal embedded, roles core and host in a process of their own'
  tell(row({
    measure: 'open_1000', case: 'lateness of take-back', value: quantile(late, 0.99) / 1000, unit: 's',
    note: `p99 of ${late.length}, p50 ${median(late)} ms, worst ${Math.max(...late)} ms, from due to the end of its story; ${inside}`,
  }, { most: 2 }))
  tell(row({
    measure: 'open_1000', case: 'worker memory per open lease', value: perLease, unit: 'MB',
    note: `resident memory after a collection, with them less without them; server ${Math.round(residentOf(serverPid) / 2 ** 20)} MB; ${inside}`,
  }, { most: 0.3 }))
}

interface Many {
  readonly count: number
  readonly dueOf: (nth: number) => number
  readonly prefix: string
}

export async function lendMany(client: Client, { count, dueOf, prefix }: Many): Promise<void> {
  let next = 0
  await Promise.all(Array.from({ length: inFlight }, async (_, lane) => {
    for (let mine = 0; next < count; mine++) {
      const nth = next++
      await lend(client, `${prefix}-${lane}-${Math.floor(mine / perMember)}`, Math.round(dueOf(nth) - Date.now()))
    }
  }))
}

export const countOf = async (client: Client, query: string) => (await client.workflow.count(query)).count

export async function until(look: () => Promise<boolean>, deadline: number, what: string): Promise<void> {
  while (!await look()) {
    if (Date.now() > deadline) throw new Error(`In vain: ${what}.`)
    await new Promise((done) => setTimeout(done, 500))
  }
}

async function startRoles(order: RolesOrder): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'openRoles.ts'), [JSON.stringify(order)], { execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const gone = once(child, 'exit').then(() => { throw new Error('The roles ended before they were up.') })
  await Promise.race([once(child, 'message'), gone])
  gone.catch(() => undefined)
  return child
}

/** Resident bytes after a collection. */
export async function memoryOf(roles: ChildProcess): Promise<number> {
  const answer = once(roles, 'message')
  roles.send('memory')
  await answer
  return residentOf(roles.pid!)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const gone = once(child, 'exit'), late = setTimeout(() => child.kill('SIGKILL'), 15_000)
  child.send('stop')
  await gone
  clearTimeout(late)
}
