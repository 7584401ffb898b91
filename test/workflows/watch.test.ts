import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pauseUpdate, releaseUpdate, stopWatchSignal, watchId } from '../../workflows/contract.ts'
import { eventually, world, type World } from './harness.ts'

let it: World
const second = 1_000
beforeAll(async () => {
  it = await world({
    watch: { lookMs: 200, feelMs: 200, quietMs: 600, reckonMs: second, rotateMs: 60 * second, aliveMs: 3 * second },
    entitlement: { idle: { noticeMs: second, pauseMs: 600 * second, deleteMs: 600 * second, cpuShare: 0.01 } },
  })
})
afterAll(() => it.stop())

const handle = (leaseId: string) => it.client.workflow.getHandle(leaseId)
const theWatch = () => it.client.workflow.getHandle(watchId('h1'))
const engine = () => it.runtimes['h1']!.engine
const ready = async (name: string) => {
  const receipt = await it.lend('mika', { name })
  return { ...receipt, status: await it.until(receipt.leaseId, 'ready') }
}
type Lease = Awaited<ReturnType<typeof ready>>
const give = async ({ leaseId, key }: Lease) => {
  await handle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by: { uid: 'mika' } }] })
  return handle(leaseId).result()
}
const story = async ({ leaseId }: Lease) => (await it.status(leaseId)).timeline.map(({ what }) => what).join('\n')
const told = (lease: Lease, what: RegExp) => eventually(async () => what.test(await story(lease)), `${lease.name} is told ${what.source}`)
/** Whether a count stays as it is for longer than a look takes. */
async function settled(count: () => number): Promise<boolean> {
  const before = count()
  await new Promise((done) => setTimeout(done, second))
  return count() === before
}
const container = (lease: Lease) => engine().of(lease)[0]!
/** How many rotations were begun. */
async function rotations() {
  const { events } = await theWatch().fetchHistory()
  return events!.filter(({ activityTaskScheduledEventAttributes: one }) => one?.activityType?.name === 'watchHost').length
}

describe('a watch tells leases', () => {
  test('that a container died, which is then started again', async () => {
    const lease = await ready('phoenix')
    container(lease).lines.push('no disk')
    engine().die(lease, 3)
    await told(lease, /ended by itself \(exit code 3, its last lines: no disk\); starts again\n.*runs again/s)
    expect(container(lease)).toMatchObject({ state: 'running', starts: 2 })
    expect((await it.status(lease.leaseId)).place).toEqual(lease.status.place)
    await give(lease)
  })

  test('that one was killed for its memory, or was removed', async () => {
    const [hog, lost] = [await ready('hog'), await ready('lost')]
    engine().die(hog, 137, true)
    await told(hog, /more memory than it has \(exit code 137\); starts again/)
    await eventually(() => it.eyes['h1']!.looks > 2, 'the watch has seen the other')
    engine().vanish(lost)
    it.eyes['h1']!.hint()
    await told(lost, /somebody removed it .*; starts again\n.*runs again/s)
    expect(container(lost).state).toBe('running')
    for (const lease of [hog, lost]) await give(lease)
  })

  test('that the engine restarted', async () => {
    const lease = await ready('engine')
    engine().away = true
    const looks = it.eyes['h1']!.looks
    await eventually(async () => (await theWatch().describe()).status.name === 'RUNNING', 'the watch goes on without the engine')
    engine().restart()
    engine().away = false
    await eventually(() => it.eyes['h1']!.looks > looks, 'it looks again')
    await told(lease, /(its engine restarted|it ended by itself) \(exit code 137\); starts again\n.*runs again/s)
    await give(lease)
  })

  test('that its ports moved', async () => {
    const lease = await ready('mover')
    await eventually(() => it.eyes['h1']!.looks > 0, 'it has looked')
    container(lease).published = [29_998]
    await told(lease, /host ports are 29998 now/)
    expect((await it.status(lease.leaseId)).endpoints[0]!.hostPort).toBe(29_998)
    await give(lease)
  })

  test('nothing of what they did themselves', async () => {
    const lease = await ready('quiet')
    await handle(lease.leaseId).executeUpdate(pauseUpdate, { args: [{ key: lease.key, by: { uid: 'mika' } }] })
    await it.until(lease.leaseId, 'paused')
    const other = await ready('other')
    engine().die(other)
    await told(other, /ended by itself/) // so it has looked since
    expect(await it.status(lease.leaseId)).toMatchObject({ phase: 'paused' })
    expect(container(lease).state).toBe('stopped')
    for (const one of [lease, other]) await give(one)
    for (const { leaseId } of [lease]) {
      const { events } = await handle(leaseId).fetchHistory()
      expect(events!.some(({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName === 'seen')).toBe(false)
    }
  })
})

describe('idleness', () => {
  test('is told with its evidence, and so is life', async () => {
    const lease = await ready('lazy')
    const idle = await eventually(async () => (await it.status(lease.leaseId)).idle, 'the lease knows that it is idle')
    expect(idle.sentence).toMatch(/^idle for .*: cpu 0 % \(under 1 %\), nothing sent for .*, no terminal$/)
    expect(idle.since).toBeLessThanOrEqual(Date.now() - 500)
    await told(lease, /looks idle: idle for/)
    it.pulses['h1']!.beats.set(container(lease).id, { sent: 10 })
    await told(lease, /is in use again: in use: sent something/)
    expect((await it.status(lease.leaseId)).idle!.since).toBeUndefined()
    await give(lease)
  })

  test('is not concluded from what cannot be read', async () => {
    it.pulses['h1']!.peersNow = new Error('its connections cannot be read (ss: not found)')
    const lease = await ready('unknown')
    const { since, sentence } = await eventually(async () => (await it.status(lease.leaseId)).idle, 'the lease is told why')
    expect({ since, sentence }).toEqual({ since: undefined, sentence: 'not known to be idle: its connections cannot be read (ss: not found)' })
    it.pulses['h1']!.peersNow = { count: 0 }
    await give(lease)
  })
})

describe('a watch', () => {
  test('hands its evidence to the next rotation, whose number is higher', async () => {
    const lease = await ready('evidence')
    await eventually(async () => (await it.status(lease.leaseId)).idle?.since, 'idle')
    const before = await rotations()
    await it.roles.hosts['h1']!.stop()
    engine().vanish(lease) // nobody sees it go
    it.roles.hosts['h1'] = await it.startHost('h1')
    await told(lease, /somebody removed it/)
    expect(await rotations()).toBeGreaterThan(before)
    await give(lease)
  })

  test('that was terminated is begun again and finds what went meanwhile', async () => {
    const lease = await ready('gap')
    await it.roles.hosts['h1']!.stop()
    await theWatch().terminate('as in the UI')
    engine().die(lease, 9)
    it.roles.hosts['h1'] = await it.startHost('h1')
    await told(lease, /ended by itself \(exit code 9\); starts again/)
    await give(lease)
  })

  test('that an admin stopped stays stopped until its host starts anew', async () => {
    await theWatch().signal(stopWatchSignal)
    await theWatch().result()
    const seen = it.eyes['h1']!.looks
    await eventually(async () => (await it.board()).hosts[0]!.lastHeard > Date.now() - second, 'the host has just spoken')
    // The activity hears of it with its next sign of life.
    await eventually(() => settled(() => it.eyes['h1']!.looks), `no looks any more after ${seen}`)
    const looks = it.eyes['h1']!.looks
    const offered = (await it.board()).hosts[0]!.lastHeard
    await eventually(async () => (await it.board()).hosts[0]!.lastHeard > offered, 'the host has spoken since')
    expect((await theWatch().describe()).status.name).toBe('COMPLETED')
    expect(it.eyes['h1']!.looks).toBe(looks)
    await it.roles.hosts['h1']!.stop()
    it.roles.hosts['h1'] = await it.startHost('h1')
    await eventually(() => it.eyes['h1']!.looks > looks, 'it looks again')
  })

  test('replays, as every story told here does', async () => {
    expect(await it.replay()).toEqual([])
  })
})
