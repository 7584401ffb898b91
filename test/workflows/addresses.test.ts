/** Nodes of a cluster come and go: names of its leases follow. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { releaseUpdate, seenSignal, type SeenWord } from '../../workflows/contract.ts'
import { eventually, world, type World } from './harness.ts'

let it: World
const [a, b, c] = ['192.0.2.1', '192.0.2.2', '192.0.2.3'], mika = { uid: 'mika' }
beforeAll(async () => {
  it = await world({
    host: { runtime: 'kubernetes', address: a, addresses: [a, b] },
    watch: { lookMs: 200, feelMs: 60_000, reckonMs: 500, rotateMs: 60_000, aliveMs: 3_000 },
  })
  it.eyes['h1']!.reachedAt = [a, b]
})
afterAll(async () => {
  expect(await it.replay()).toEqual([])
  await it.stop()
})

const handle = (leaseId: string) => it.client.workflow.getHandle(leaseId)
const ready = async (name: string) => {
  const receipt = await it.lend('mika', { name })
  return { ...receipt, status: await it.until(receipt.leaseId, 'ready') }
}
type Lease = Awaited<ReturnType<typeof ready>>
const give = async ({ leaseId, key }: Lease) => {
  await handle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by: mika }] })
  return it.ended(leaseId)
}
const named = ({ fqdn }: Lease) => {
  const held = it.names.held.get(fqdn)
  return held && held !== 'foreign' ? held.addresses : undefined
}
const follows = (lease: Lease, addresses: readonly string[]) =>
  eventually(() => named(lease)?.join() === addresses.join(), `${lease.name} is named ${addresses.join()}`)
const wordsTo = async ({ leaseId }: Lease) => {
  const { events } = await handle(leaseId).fetchHistory()
  return events!.filter(({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName === 'seen').length
}

test('a name follows its host to other nodes, which its member sees in the timeline alone', async () => {
  const lease = await ready('follows')
  expect(named(lease)).toEqual([a, b])
  it.eyes['h1']!.reachedAt = [b, c]
  await follows(lease, [b, c])
  const status = await eventually(async () => {
    const status = await it.status(lease.leaseId)
    return status.timeline.some(({ what }) => what.includes('is reached at')) && status
  }, 'its story says so')
  expect(status.place).toMatchObject({ address: b, addresses: [b, c], hostPorts: lease.status.place!.hostPorts })
  expect(status.timeline.at(-1)!.what).toBe(`its host is reached at ${b}, ${c} now (${a} is gone, ${c} is new)`)
  expect(status.notices.map(({ kind }) => kind).filter((kind) => kind !== 'queued')).toEqual(['ready'])

  // Its place is of an offer that the host made before.
  const late = await ready('late')
  expect(late.status.place!.addresses).toEqual([a, b])
  await follows(late, [b, c])
  expect([await wordsTo(lease), await wordsTo(late)]).toEqual([1, 1])
  for (const one of [lease, late]) await give(one)
})

test('a word that says nothing new is not followed', async () => {
  it.eyes['h1']!.reachedAt = [a, b]
  const lease = await ready('same')
  const word: SeenWord = { key: lease.key, number: 1, at: Date.now(), what: 'addresses moved', addresses: [a, b], evidence: 'as the test says' }
  await handle(lease.leaseId).signal(seenSignal, word)
  await handle(lease.leaseId).signal(seenSignal, { ...word, number: 7, addresses: [c] })
  await give(lease)
  const { events } = await handle(lease.leaseId).fetchHistory()
  expect(events!.filter(({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName === 'seen')).toHaveLength(2)
  expect(events!.filter(({ activityTaskScheduledEventAttributes: step }) => step?.activityType?.name === 'claimName')).toHaveLength(1)
})

test('one that sleeps hears of it when it wakes', async () => {
  const lease = await ready('sleeps')
  await it.asleep(lease)
  it.eyes['h1']!.reachedAt = [c]
  await it.wake(lease)
  await it.until(lease.leaseId, 'ready')
  await follows(lease, [c])
  await give(lease)
})
