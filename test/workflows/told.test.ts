/** What the history of a lease tells of its places is what the lease says itself, while it can. */
import { MockActivityEnvironment } from '@temporalio/testing'
import { afterEach, expect, test } from 'vitest'
import { createOpenLeases } from '../../activities/temporal.ts'
import { drainUpdate, extendUpdate, pauseUpdate, releaseUpdate, siteId } from '../../workflows/contract.ts'
import type { OpenLease } from '../../workflows/steps.ts'
import type { Clocks } from '../../workflows/terms.ts'
import { eventually, world, type World } from './harness.ts'
import { campus, generous } from './terms.ts'

let it: World
const by = { uid: 'mika' }
const begin = async (clocks: Partial<Clocks> = {}) => {
  it = await world({
    clocks, hosts: ['h1', 'h2'], host: { cpu: 4 }, entitlement: { ...generous, cpu: 4, totalCpu: 40, sites: [{ ...campus, drain: 'move' }] },
  })
}
afterEach(() => it.stop())

const ask = async (answerMs: number): Promise<Omit<OpenLease, 'lasts'>[]> => {
  const { openLeases } = createOpenLeases({ answerMs }), environment = new MockActivityEnvironment({}, { client: it.client })
  const { leases } = await environment.run<[], Awaited<ReturnType<typeof openLeases>>, () => ReturnType<typeof openLeases>>(() => openLeases({ site: 'campus' }, []))
  return leases.map(({ lasts: _, ...lease }) => lease).sort((a, b) => (a.name < b.name ? -1 : 1))
}

test('of leases that live, sleep, wait and move; one that has ended is left out', async () => {
  await begin()
  const site = it.client.workflow.getHandle(siteId('campus'))
  const lend = async (name: string, cpu: number) => {
    const lease = await it.lend('mika', { name, cpu })
    await it.until(lease.leaseId, 'ready')
    return lease
  }
  await eventually(async () => (await it.board()).hosts.filter(({ alive }) => alive).length === 2, 'both hosts are there')
  await lend('a-lives', 1)
  const sleeps = await lend('b-sleeps', 1), ends = await lend('d-ends', 1)
  await lend('e-lives', 1)
  await it.client.workflow.getHandle(sleeps.leaseId).executeUpdate(pauseUpdate, { args: [{ key: sleeps.key, by }] })
  await it.until(sleeps.leaseId, 'paused')
  const waits = await it.lend('mika', { name: 'c-waits', cpu: 4 })
  await eventually(async () => (await it.status(waits.leaseId)).queue, 'it waits')
  await site.executeUpdate(drainUpdate, { args: [{ host: 'h1', drain: true, by: 'ada' }] })
  await site.executeUpdate(drainUpdate, { args: [{ host: 'h2', drain: true, by: 'ada' }] })
  await eventually(async () => (await it.board()).line.length >= 4, 'all that live ask elsewhere')
  await it.client.workflow.getHandle(ends.leaseId).executeUpdate(releaseUpdate, { args: [{ key: ends.key, by }] })
  await it.client.workflow.getHandle(ends.leaseId).result()
  const spoken = await eventually(async () => {
    const leases = await ask(5_000)
    return leases.length === 4 && leases
  }, 'four are listed')
  expect(spoken.map(({ name, paused, waiting, besides }) => [name, paused, waiting ?? false, besides?.length ?? 0])).toEqual([
    ['a-lives', false, false, 1], ['b-sleeps', true, false, 0], ['c-waits', false, true, 0], ['e-lives', false, false, 1]])
  await it.roles.core.stop() // nobody answers any more
  expect(await ask(1_000)).toEqual(spoken)
  it.roles.core = await it.startCore()
})

test('of a lease that went on as new, from what its run began with and has said since', async () => {
  await begin({ mostEvents: 60 })
  const { leaseId, key } = await it.lend('mika', { forMs: 20 * 60_000 }), lease = it.client.workflow.getHandle(leaseId)
  await it.until(leaseId, 'ready')
  const { runId } = await lease.describe()
  let extensions = 0
  await eventually(async () => {
    await lease.executeUpdate(extendUpdate, { args: [{ key, requestId: `r${extensions++}`, by, byMs: 1_000 }] })
    return (await lease.describe()).runId !== runId
  }, 'it went on as new')
  await lease.executeUpdate(pauseUpdate, { args: [{ key, by }] })
  await it.until(leaseId, 'paused')
  const spoken = await ask(5_000)
  expect(spoken).toMatchObject([{ key, paused: true, number: 1 }])
  await it.roles.core.stop() // nobody answers any more
  expect(await ask(1_000)).toEqual(spoken)
  it.roles.core = await it.startCore()
})
