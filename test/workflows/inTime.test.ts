/** The end of a lease comes in its time, whatever keeps it just then from what it is about to do. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { pauseUpdate, seenSignal } from '../../workflows/contract.ts'
import type { LeaseStatus } from '../../workflows/terms.ts'
import { eventually, world, type World } from './harness.ts'

let it: World
const second = 1_000, mika = { uid: 'mika' }
beforeAll(async () => { it = await world({ host: { runtime: 'kubernetes' }, clocks: { roomAgainMs: 60 * second } }) })
afterEach(() => {
  engine().away = false
  engine().noRoom = undefined
})
afterAll(async () => {
  expect(await it.replay()).toEqual([])
  await it.stop()
})

const engine = () => it.runtimes['h1']!.engine, handle = (leaseId: string) => it.client.workflow.getHandle(leaseId)
async function ready(name: string) {
  const lease = await it.lend('mika', { name, forMs: 4 * second })
  return { ...lease, until: (await it.until(lease.leaseId, 'ready')).until! }
}
type Lease = Awaited<ReturnType<typeof ready>>
async function endsInTime({ leaseId, until }: Lease): Promise<LeaseStatus> {
  const status = await eventually(async () => {
    const now = await it.status(leaseId)
    return ['ending', 'ended'].includes(now.phase) && now
  }, 'it ends')
  const { at, what } = status.timeline.find(({ what }) => what.startsWith('ends: '))!
  expect(what).toBe('ends: its time was over.')
  expect(at - until).toBeLessThan(second)
  return status
}
const isOver = async ({ leaseId }: Lease) => expect((await it.ended(leaseId)).reason).toBe('due')

test('while it waits to be woken on a host that is full', async () => {
  const lease = await ready('sleeps'), { leaseId } = lease
  await it.asleep(lease)
  engine().noRoom = 'the cluster has no room'
  await it.wake(lease)
  await eventually(async () => (await it.status(leaseId)).queue, 'it waits')
  await endsInTime(lease)
  await isOver(lease)
})

test('while its host is away that should start it again', async () => {
  const lease = await ready('dies'), { leaseId, key } = lease
  engine().away = true
  await handle(leaseId).signal(seenSignal, { key, number: 1, at: Date.now(), what: 'died', evidence: 'as the test says' })
  await endsInTime(lease)
  engine().away = false
  await isOver(lease)
  expect(it.containers()).toBe(0)
})

test('while its host is away that should put it to sleep', async () => {
  const lease = await ready('tires'), { leaseId, key } = lease
  engine().away = true
  await handle(leaseId).executeUpdate(pauseUpdate, { args: [{ key, by: mika }] })
  await endsInTime(lease)
  engine().away = false
  await isOver(lease)
  expect(it.containers()).toBe(0)
})
