/**
 * `lend_actions`, `lend_events`: what a default lease costs over its whole life, counted from the histories of its own
 * workflow and of its account and site. Those two are there before; their regular checks, which do not depend on a
 * lease, are left out by making them rare.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { startTemporal } from '../../worker/embedded/temporal/start.ts'
import { dataConverter } from '../../worker/keys/converter.ts'
import { accountId, siteId } from '../../workflows/contract.ts'
import { actionsOf } from './actions.ts'
import { type Measure, row } from './measure.ts'
import { median } from './quantiles.ts'
import { lend, site, startSmall } from './small.ts'

const member = 'mika', day = 86_400_000

export const measureCost: Measure = {
  names: ['lend_actions', 'lend_events'],
  async take(wanted, { quick, say }, tell) {
    const dir = await mkdtemp(join(tmpdir(), 'berth-bench-')), count = quick ? 1 : 5
    const { address, stop } = await startTemporal({ dir, say })
    const namespace = `bench-${randomUUID()}`, ring = { current: 'k', keys: new Map([['k', randomBytes(32)]]) }
    try {
      const stopRoles = await startSmall({
        address, namespace, ring, clocks: { recheckMs: day, checkMs: day },
        // A default lease in small: two warnings, and it ends when it is due.
        entitlement: { defaultMs: 3_000, warnMs: [2_000, 1_000] },
      })
      const connection = await Connection.connect({ address })
      try {
        const client = new Client({ connection, namespace, dataConverter: dataConverter(ring) })
        await liveThrough(client) // starts the account
        const costs: Cost[] = []
        for (let nth = 0; nth < count; nth++) costs.push(await liveThrough(client))
        const told = (name: 'actions' | 'events', most: number) => tell(row({
          measure: `lend_${name}`, value: median(costs.map((cost) => total(cost[name]))), unit: name,
          note: `p50 of ${count} default leases (one port, two warnings, each ends when due): the lease and what it adds to account and site, `
            + `${Object.entries(costs.at(-1)![name]).map(([of, cost]) => `${of} ${cost}`).join(', ')}; without the account's re-check and the `
            + 'site\'s check, and without queries, which are no events; memory runtime, nameserver and directory, codec on, Temporal embedded',
        }, { most }))
        if (wanted.has('lend_actions')) told('actions', 20)
        if (wanted.has('lend_events')) told('events', 100)
      } finally {
        await connection.close()
        await stopRoles()
      }
    } finally {
      await stop()
      await rm(dir, { recursive: true, force: true })
    }
  },
}

type Cost = { readonly actions: ByWorkflow; readonly events: ByWorkflow }
type ByWorkflow = { readonly lease: number; readonly account: number; readonly site: number }

const total = ({ lease, account, site: ledger }: ByWorkflow): number => lease + account + ledger

async function liveThrough(client: Client): Promise<Cost> {
  const ids = [accountId(member), siteId(site)], events = (id: string) => eventsOf(client, id)
  const before = await Promise.all(ids.map(async (id) => (await events(id).catch(() => [])).length))
  const { leaseId } = await lend(client, member)
  await within(20_000, 'the lease begins', () => client.workflow.getHandle(leaseId).describe().then(() => true))
  await client.workflow.getHandle(leaseId).result()
  // The last words of a lease are heard after its end.
  await within(20_000, 'account and site come to rest', async () => (await Promise.all(ids.map(events))).every(isAtRest))
  const lease = await events(leaseId)
  const [account, ledger] = await Promise.all(ids.map(async (id, nth) => (await events(id)).slice(before[nth])))
  const count = (of: (events: Events) => number): ByWorkflow => ({ lease: of(lease), account: of(account!), site: of(ledger!) })
  return { actions: count(actionsOf), events: count(({ length }) => length) }
}

type Events = Awaited<ReturnType<typeof eventsOf>>

const eventsOf = async (client: Client, id: string) => (await client.workflow.getHandle(id).fetchHistory()).events ?? []

const isAtRest = (events: Events): boolean => {
  const last = events.at(-1)
  return last !== undefined && !last.workflowTaskScheduledEventAttributes && !last.workflowTaskStartedEventAttributes
    && !last.workflowExecutionSignaledEventAttributes
}

async function within(ms: number, what: string, look: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + ms; !await look().catch(() => false);) {
    if (Date.now() > deadline) throw new Error(`Not within ${ms / 1000} s: ${what}.`)
    await new Promise((done) => setTimeout(done, 50))
  }
}
