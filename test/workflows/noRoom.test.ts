/** A host that has no room although the ledger has: others use the cluster too. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { drainUpdate, releaseUpdate, seenSignal, siteId } from '../../workflows/contract.ts'
import { eventually, world, type World } from './harness.ts'
import { campus } from './terms.ts'

let it: World
const says = 'the cluster has no room: 0/1 nodes are available: 1 Insufficient cpu.', roomAgainMs = 300, mika = { uid: 'mika' }
/** How often each host was asked to start something, and what the site held of the lease then. */
let starts: { host: string; held: number }[] = []
/** Leases that a host was asked to put to sleep. */
let slept: string[] = []
beforeAll(async () => {
  it = await world({
    hosts: ['h1', 'h2'], host: { runtime: 'kubernetes' }, clocks: { roomAgainMs }, entitlement: { sites: [{ ...campus, drain: 'move' }] },
    hostSteps: (steps, host) => ({ ...steps, startContainer: async (order) => {
      starts.push({ host, held: await heldOf(order.key) })
      return steps.startContainer(order)
    }, pauseContainer: (berthing) => {
      slept.push(berthing.key)
      return steps.pauseContainer(berthing)
    } }),
  })
  const first = await it.lend('ada', { name: 'site' }) // so that the site is there for the others
  await it.until(first.leaseId, 'ready')
  await handle(first.leaseId).executeUpdate(releaseUpdate, { args: [{ key: first.key, by: { uid: 'ada' } }] })
  await it.ended(first.leaseId)
})
afterAll(async () => {
  expect(await it.replay()).toEqual([])
  await it.stop()
})
beforeEach(() => {
  starts = []
  slept = []
  for (const host of ['h1', 'h2']) engine(host).noRoom = undefined
})

const engine = (host: string) => it.runtimes[host]!.engine
const full = (...hosts: readonly string[]) => hosts.forEach((host) => { engine(host).noRoom = says })
const handle = (leaseId: string) => it.client.workflow.getHandle(leaseId)
/** Places and requests of one lease at its site. */
async function heldOf(key: string): Promise<number> {
  const { hosts, line } = await it.board()
  return hosts.flatMap(({ leases }) => leases).filter((one) => one === key).length + line.filter((one) => one.key === key).length
}
const story = async (leaseId: string) => (await it.status(leaseId)).timeline.map(({ what }) => what)
const give = async ({ leaseId, key }: { leaseId: string; key: string }) => {
  await handle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by: mika }] })
  return it.ended(leaseId)
}
const waits = (leaseId: string) => eventually(async () => {
  const status = await it.status(leaseId)
  return status.queue && status
}, `${leaseId} waits in line`)

describe('a lease whose host has no room', () => {
  test('goes to another host first, and its member need not wait', async () => {
    full('h1')
    const lease = await it.lend('mika', { name: 'other' }), ready = await it.until(lease.leaseId, 'ready')
    expect(ready.host).toBe('h2')
    expect(starts.map(({ host }) => host)).toEqual(['h1', 'h2'])
    expect(await story(lease.leaseId)).toContain(`h1: ${says}; asks for another place`)
    expect(ready.notices.map(({ kind }) => kind)).toEqual(['ready'])
    expect(engine('h1').containers.size).toBe(0)
    await give(lease)
  })

  test('waits in the line with the hosts\' own words where there is no other, and starts once there is room', async () => {
    full('h1', 'h2')
    const lease = await it.lend('mika', { name: 'patient' }), waiting = await waits(lease.leaseId)
    expect(waiting.phase).toBe('waiting')
    expect(waiting.queue!.reason).toBe(`waits for h1: ${says.slice(0, -1)}; h2: ${says.slice(0, -1)}; first in line`)
    expect((await it.board()).line).toMatchObject([{ key: lease.key, position: 1, reason: waiting.queue!.reason.replace('; first in line', '') }])
    await eventually(() => starts.length >= 8, 'it has been tried again and again')
    for (const host of ['h1', 'h2']) engine(host).noRoom = undefined
    const ready = await it.until(lease.leaseId, 'ready')
    expect(ready.queue).toBeUndefined()
    // Each host's words are told once, and so is the member.
    expect((await story(lease.leaseId)).filter((what) => what.includes('no room') && !what.startsWith('waits in line'))).toHaveLength(2)
    expect(ready.notices.map(({ kind }) => kind)).toEqual(['queued', 'ready'])
    expect(ready.notices[0]!.sentence).toBe(`patient waits in line, place 1: ${waiting.queue!.reason}.`)
    expect(it.containers()).toBe(1)
    expect(it.names.held.size).toBe(1)
    await give(lease)
  })

  test('never has more than one place or request at its site', async () => {
    full('h1', 'h2')
    const lease = await it.lend('mika', { name: 'single' }), counts: number[] = []
    await eventually(async () => {
      counts.push(await heldOf(lease.key))
      return starts.length >= 7
    }, 'it has been tried again and again')
    expect(Math.max(...counts, ...starts.map(({ held }) => held))).toBe(1)
    await give(lease)
    await eventually(async () => await heldOf(lease.key) === 0, 'nothing is held for it')
  })

  test('waits beside others in the same trouble', async () => {
    full('h1', 'h2')
    const first = await it.lend('mika', { name: 'first' })
    await waits(first.leaseId)
    const second = await it.lend('noor', { name: 'second' })
    const line = await eventually(async () => {
      const { line } = await it.board()
      return line.length === 2 && line
    }, 'both are in line')
    expect(line.map(({ key }) => key).sort()).toEqual([first.key, second.key].sort())
    for (const one of [first, second]) await handle(one.leaseId).executeUpdate(releaseUpdate, { args: [{ key: one.key, by: { uid: one === first ? 'mika' : 'noor' } }] })
    expect(await Promise.all([first, second].map(({ leaseId }) => it.ended(leaseId)))).toMatchObject([{ reason: 'returned' }, { reason: 'returned' }])
  })

  test('gives up when its longest wait is over, and says why in the host\'s words', async () => {
    full('h1', 'h2')
    it.entitlement.now = { ...it.entitlement.now, longestWaitMs: 1_500 }
    try {
      const ending = await it.ended((await it.lend('mika', { name: 'tired' })).leaseId)
      expect(ending).toMatchObject({ reason: 'waited too long' })
      expect(ending.sentence).toContain(says.slice(0, -1))
    } finally {
      it.entitlement.now = { ...it.entitlement.now, longestWaitMs: 600_000 }
    }
    expect(it.containers()).toBe(0)
    expect(it.names.held.size).toBe(0)
  })

  test('is returned at once while it waits', async () => {
    full('h1', 'h2')
    const lease = await it.lend('mika', { name: 'changed' })
    await waits(lease.leaseId)
    expect(await give(lease)).toMatchObject({ reason: 'returned' })
    expect(it.containers()).toBe(0)
    await eventually(async () => await heldOf(lease.key) === 0, 'nothing is held for it')
  })
})

describe('a lease that ran already', () => {
  test('finds room again when it cannot be started again where it was, and says that its files are lost', async () => {
    const lease = await it.lend('mika', { name: 'evicted' }), { host } = await it.until(lease.leaseId, 'ready')
    full(host!)
    engine(host!).vanish(lease)
    await handle(lease.leaseId).signal(seenSignal, { key: lease.key, number: 1, at: Date.now(), what: 'removed', evidence: 'as the test says' })
    const moved = await eventually(async () => {
      const status = await it.status(lease.leaseId)
      return status.phase === 'ready' && status.host !== host && status
    }, 'it is ready elsewhere')
    expect(moved.notices.at(-1)!.sentence).toBe(`evicted runs again, on ${moved.host}, and starts afresh: ${host} had no room for it any more (${says}). Its files are lost.`)
    expect(it.containers()).toBe(1)
    await give(lease)
  })

  test('waits to be woken until its host has room, and holds no room meanwhile', async () => {
    const lease = await it.lend('mika', { name: 'sleepy' }), { host } = await it.until(lease.leaseId, 'ready')
    await it.asleep(lease)
    full(host!)
    await it.wake(lease)
    const waiting = await waits(lease.leaseId)
    expect(waiting).toMatchObject({ phase: 'paused', queue: { reason: `waits for ${host}: ${says.slice(0, -1)}` } })
    expect(waiting.notices.at(-1)).toMatchObject({ kind: 'queued', sentence: `sleepy waits to be woken: waits for ${host}: ${says.slice(0, -1)}.` })
    await eventually(async () => (await it.board()).hosts.find((one) => one.host === host)!.cpu.used === 0, 'it holds no room')
    engine(host!).noRoom = undefined
    expect((await it.until(lease.leaseId, 'ready')).host).toBe(host)
    expect((await it.status(lease.leaseId)).queue).toBeUndefined()
    // A cluster that finds room by itself must not start what the books say sleeps.
    expect(slept.filter((key) => key === lease.key).length).toBeGreaterThan(1)
    await give(lease)
  })

  test('stays asleep when its host is full for its longest wait, and says why', async () => {
    it.entitlement.now = { ...it.entitlement.now, longestWaitMs: 1_200 }
    const lease = await it.lend('mika', { name: 'sleeper' }), { host } = await it.until(lease.leaseId, 'ready')
    it.entitlement.now = { ...it.entitlement.now, longestWaitMs: 600_000 }
    await it.asleep(lease)
    full(host!)
    await it.wake(lease)
    const said = await eventually(async () => (await it.status(lease.leaseId)).notices.find(({ kind }) => kind === 'trouble')?.sentence, 'it is told')
    expect(said).toBe(`sleeper stays paused: ${says} Try again with: berth resume sleeper`)
    expect(await it.status(lease.leaseId)).toMatchObject({ phase: 'paused' })
    await eventually(async () => (await it.desk('mika')).leases.every(({ paused }) => paused), 'its account does not count it')
    await give(lease)
  })

  test('lives on where a host is emptied until another has room, however often it has none', async () => {
    const lease = await it.lend('mika', { name: 'drained' }), { host } = await it.until(lease.leaseId, 'ready'), other = host === 'h1' ? 'h2' : 'h1'
    const drain = (yes: boolean) => handle(siteId('campus')).executeUpdate(drainUpdate, { args: [{ host: host!, drain: yes, by: 'root' }] })
    full(other)
    await drain(true)
    await eventually(() => starts.filter((one) => one.host === other).length > 7, 'it has tried again and again')
    expect(await it.status(lease.leaseId)).toMatchObject({ phase: 'ready', host })
    expect((await story(lease.leaseId)).filter((what) => what.includes(says))).toEqual([`could not move to ${other}: ${says}; asks for another place`])
    engine(other).noRoom = undefined
    await eventually(async () => (await it.status(lease.leaseId)).host === other, 'it has moved')
    await eventually(() => engine(host!).containers.size === 0, 'nothing is left on the host')
    await drain(false)
    await give(lease)
  })
})
