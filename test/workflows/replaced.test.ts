/** A host that puts another container in the place of a lease's, as a cluster does: its member hears of the files, and of nothing else. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seenSignal, type SeenWord } from '../../workflows/contract.ts'
import { eventually, world, type World } from './harness.ts'

let it: World
beforeAll(async () => {
  it = await world({
    host: { runtime: 'kubernetes' }, entitlement: { restart: 'never' },
    watch: { lookMs: 100, feelMs: 60_000, reckonMs: 60_000, rotateMs: 60_000, aliveMs: 3_000 },
  })
})
afterAll(async () => {
  expect(await it.replay()).toEqual([])
  await it.stop()
})

const handle = (leaseId: string) => it.client.workflow.getHandle(leaseId)
const troubles = async (leaseId: string) => (await it.status(leaseId)).notices.filter(({ kind }) => kind === 'trouble').map(({ sentence }) => sentence)
async function ready(name: string) {
  const lease = await it.lend('mika', { name })
  await it.until(lease.leaseId, 'ready')
  const { engine } = it.runtimes['h1']!, [container] = engine.of(lease), seen = it.eyes['h1']!.looks
  await eventually(() => it.eyes['h1']!.looks > seen + 1, 'the watch has seen it run')
  return { ...lease, engine, container: container! }
}

test('is told that its files are lost and why, each time once, and the lease goes on whatever its policy of restarts', async () => {
  const { leaseId, key, engine } = await ready('evicted'), lost = 'evicted: its host took its container away (Evicted: low on memory) and started another. Its files are lost.'
  engine.replace({ key }, 'Evicted: low on memory')
  await eventually(async () => (await troubles(leaseId)).length === 1, 'it is told')
  engine.replace({ key }, 'Evicted: low on memory')
  await eventually(async () => (await troubles(leaseId)).length === 2, 'it is told again')
  expect(await troubles(leaseId)).toEqual([lost, lost])
  const status = await it.status(leaseId)
  expect(status).toMatchObject({ phase: 'ready', number: 1 })
  expect(status.timeline.at(-1)!.what).toBe('its host put another container in its place: Evicted: low on memory')
})

test('hears nothing of what its own story started, whoever says that another runs', async () => {
  const { leaseId, key, container } = await ready('slept'), first = container.id
  const word = (id: string): SeenWord => ({ key, number: 1, at: Date.now(), what: 'replaced', id, evidence: 'as the test says' })
  await handle(leaseId).signal(seenSignal, word(first))
  await it.asleep({ leaseId, key })
  await handle(leaseId).signal(seenSignal, word('while it sleeps'))
  await it.wake({ key })
  await it.until(leaseId, 'ready')
  expect(container.id).not.toBe(first)
  await handle(leaseId).signal(seenSignal, word(container.id))
  await handle(leaseId).signal(seenSignal, { ...word('another placement'), number: 7 })
  expect(await troubles(leaseId)).toEqual([])
  await handle(leaseId).signal(seenSignal, word('another'))
  await eventually(async () => (await troubles(leaseId)).length === 1, 'the word of another is told')
})
