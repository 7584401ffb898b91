import { afterAll, beforeAll, expect, test } from 'vitest'
import { extendUpdate, releaseUpdate } from '../../workflows/contract.ts'
import { eventually, world, type World } from './harness.ts'

let it: World
beforeAll(async () => { it = await world({ clocks: { mostEvents: 80 } }) })
afterAll(() => it.stop())

test('a lease goes on through continue-as-new with all that it knows, and nothing of it is left in the end', async () => {
  const { leaseId, key } = await it.lend('mika', { name: 'long', forMs: 20 * 60_000 })
  const ready = await it.until(leaseId, 'ready')
  const lease = it.client.workflow.getHandle(leaseId)
  const { runId: first } = await lease.describe()
  const extend = (requestId: string) => lease.executeUpdate(extendUpdate, { args: [{ key, requestId, by: { uid: 'mika' }, byMs: 1_000 }] })
  let extensions = 0
  await eventually(async () => {
    await extend(`r${extensions++}`)
    return (await lease.describe()).runId !== first
  }, 'a new run')
  const status = await it.status(leaseId)
  expect(status).toMatchObject({ phase: 'ready', place: ready.place, readyAt: ready.readyAt, until: ready.until! + extensions * 1_000 })
  expect(status.timeline.slice(0, ready.timeline.length)).toEqual(ready.timeline)
  expect(await extend('r0')).toMatchObject({ until: ready.until! + 1_000 }) // a receipt of the run before
  expect((await it.status(leaseId)).until).toBe(status.until)

  await lease.executeUpdate(releaseUpdate, { args: [{ key, by: { uid: 'mika' } }] })
  expect(await it.ended(leaseId)).toMatchObject({ reason: 'returned' })
  expect([it.containers(), it.names.held.size]).toEqual([0, 0])
  await eventually(async () => (await it.board()).hosts[0]!.leases.length === 0, 'the place is free')
})

test('an account that continues as new while it lends loses no lease, and the site gives each its place', async () => {
  // Each round is some 40 events of the account and the site, so that their new runs fall upon every part of it.
  for (let round = 0; round < 30; round++) {
    const { leaseId, key } = await it.lend('noor', { name: `r${round}` })
    await it.until(leaseId, 'ready')
    await it.client.workflow.getHandle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by: { uid: 'noor' } }] })
    expect(await it.ended(leaseId)).toMatchObject({ reason: 'returned' })
  }
}, 180_000)

test('every story told here replays', async () => {
  expect(await it.replay()).toEqual([])
})
