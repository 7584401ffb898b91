import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  accountId, keepUpdate, mayResumeUpdate, pauseUpdate, recheckSignal, releaseUpdate, revokeSignal, seenSignal, type SeenWord,
} from '../../workflows/contract.ts'
import { refusalIn } from '../../workflows/refuse.ts'
import { eventually, world, type World } from './harness.ts'

let it: World
const second = 1_000
beforeAll(async () => {
  it = await world({
    hosts: ['h1', 'h2'], host: { cpu: 2, slots: 4 },
    clocks: { recheckApartMs: 300 },
    entitlement: { warnMs: [2 * second], idle: { noticeMs: second, pauseMs: 3 * second, deleteMs: 3 * second, cpuShare: 0.01 }, totalCpu: 2, graceMs: 1_500 },
  })
})
afterAll(() => it.stop())

const handle = (leaseId: string) => it.client.workflow.getHandle(leaseId)
const give = async ({ leaseId, key }: { leaseId: string; key: string }, uid = 'mika') => {
  await handle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by: { uid } }] })
  return handle(leaseId).result()
}
const ready = async (member: string, name: string, wish = {}) => {
  const receipt = await it.lend(member, { name, ...wish })
  return { ...receipt, status: await it.until(receipt.leaseId, 'ready') }
}
const see = (lease: { leaseId: string; key: string }, word: Partial<SeenWord> & Pick<SeenWord, 'what'>) =>
  handle(lease.leaseId).signal(seenSignal, { key: lease.key, number: 1, at: Date.now(), evidence: 'as the test says', ...word })
const kinds = async (member: string) => (await it.desk(member)).notices.map(({ kind }) => kind).filter((kind) => kind !== 'queued')
const hostOf = (key: string) => Object.values(it.runtimes).find(({ engine }) => engine.of({ key }).length > 0)!.engine

describe('a lease whose time is over', () => {
  test('warns, ends as due, and is gone', async () => {
    const lease = await ready('mika', 'brief', { forMs: 3 * second })
    const ending = await handle(lease.leaseId).result() as { reason: string; at: number }
    expect(ending.reason).toBe('due')
    expect(ending.at).toBeGreaterThanOrEqual(lease.status.until!)
    await eventually(async () => (await kinds('mika')).join() === 'ready,warning,ended', 'all notices')
    expect(it.containers()).toBe(0)
  })
})

const resume = (lease: { key: string }) =>
  it.client.workflow.getHandle(accountId('noor')).executeUpdate(mayResumeUpdate, { args: [{ key: lease.key, by: { uid: 'noor' } }] })

describe('a paused lease', () => {
  test('gives cpu and memory back, keeps its files and its place, and its name says that it sleeps', async () => {
    const lease = await ready('noor', 'sleeper', { cpu: 1.5 })
    await handle(lease.leaseId).executeUpdate(pauseUpdate, { args: [{ key: lease.key, by: { uid: 'noor' } }] })
    const paused = await it.until(lease.leaseId, 'paused')
    expect(paused.place).toEqual(lease.status.place)
    expect(hostOf(lease.key).of(lease)[0]!.state).toBe('stopped')
    await eventually(async () => (await it.desk('noor')).leases[0]?.paused === true, 'the account counts it as paused')

    const other = await ready('noor', 'instead', { cpu: 1.5 })
    const asked = it.client.workflow.getHandle(accountId('noor')).executeUpdate(mayResumeUpdate, { args: [{ key: lease.key, by: { uid: 'noor' } }] })
    expect(await asked.then(() => undefined, refusalIn)).toMatchObject({ kind: 'quotaFull' })
    await give(other, 'noor')
    await eventually(async () => (await it.desk('noor')).leases.length === 1, 'the other is gone')

    await it.client.workflow.getHandle(accountId('noor')).executeUpdate(mayResumeUpdate, { args: [{ key: lease.key, by: { uid: 'noor' } }] })
    const awake = await it.until(lease.leaseId, 'ready')
    expect(awake.place).toEqual(lease.status.place)
    expect(hostOf(lease.key).of(lease)[0]!.starts).toBe(2)
    await give(lease, 'noor')
  })

  test('is resumed in the moment in which it shows that it is paused', async () => {
    const lease = await ready('noor', 'short')
    for (let times = 0; times < 3; times++) {
      await handle(lease.leaseId).executeUpdate(pauseUpdate, { args: [{ key: lease.key, by: { uid: 'noor' } }] })
      while ((await it.status(lease.leaseId)).phase !== 'paused');
      await resume(lease)
      await it.until(lease.leaseId, 'ready')
    }
    expect((await it.desk('noor')).leases[0]).not.toHaveProperty('paused')
    await give(lease, 'noor')
  })

  test('is resumed by a word that came while it was being paused; one from before that counts no more', async () => {
    const lease = await ready('noor', 'shorter')
    await resume(lease) // it is awake
    await handle(lease.leaseId).executeUpdate(pauseUpdate, { args: [{ key: lease.key, by: { uid: 'noor' } }] })
    await it.until(lease.leaseId, 'paused')
    await resume(lease)
    await it.until(lease.leaseId, 'ready')

    await handle(lease.leaseId).executeUpdate(pauseUpdate, { args: [{ key: lease.key, by: { uid: 'noor' } }] })
    await resume(lease)
    await eventually(async () => (await it.status(lease.leaseId)).timeline.filter(({ what }) => what === 'resumed').length === 2, 'it is awake again')
    expect((await it.desk('noor')).leases[0]).not.toHaveProperty('paused')
    await give(lease, 'noor')
  })

  test('can be returned asleep', async () => {
    const lease = await ready('noor', 'dozer')
    await handle(lease.leaseId).executeUpdate(pauseUpdate, { args: [{ key: lease.key, by: { uid: 'noor' } }] })
    await it.until(lease.leaseId, 'paused')
    expect(await give(lease, 'noor')).toMatchObject({ reason: 'returned' })
    expect(it.containers()).toBe(0)
  })
})

describe('an idle lease', () => {
  test('is noticed, paused, and deleted in the end', async () => {
    const lease = await ready('ada', 'lazy')
    await see(lease, { what: 'idle', since: Date.now() })
    const paused = await it.until(lease.leaseId, 'paused')
    expect(paused.timeline.map(({ what }) => what).join('\n')).toMatch(/looks idle[\s\S]*paused/)
    expect(await handle(lease.leaseId).result()).toMatchObject({ reason: 'idle' })
    await eventually(async () => (await kinds('ada')).join() === 'ready,idle,paused,ended', 'all notices')
  })

  test('that comes back to life is let alone', async () => {
    const lease = await ready('ada', 'lively')
    await see(lease, { what: 'idle', since: Date.now() })
    await eventually(async () => (await it.status(lease.leaseId)).timeline.some(({ what }) => what.startsWith('looks idle')), 'the notice')
    await see(lease, { what: 'busy', evidence: 'cpu 50 %' })
    await eventually(async () => (await it.status(lease.leaseId)).timeline.some(({ what }) => what.startsWith('is in use again')), 'life')
    expect((await it.status(lease.leaseId)).idle).toEqual({ sentence: 'cpu 50 %' })
    await give(lease, 'ada')
  })

  test('that its member keeps is not paused', async () => {
    const lease = await ready('ada', 'kept')
    await handle(lease.leaseId).executeUpdate(keepUpdate, { args: [{ key: lease.key, by: { uid: 'ada' }, until: Date.now() + 60 * second }] })
    await see(lease, { what: 'idle', since: Date.now() - 10 * second })
    const marker = await ready('ada', 'marker')
    await see(marker, { what: 'idle', since: Date.now() - 10 * second })
    await it.until(marker.leaseId, 'paused') // the same idleness, not kept, has been paused by now
    expect((await it.status(lease.leaseId)).phase).toBe('ready')
    await give(lease, 'ada')
    await give(marker, 'ada')
  })
})

describe('a container that died', () => {
  test('is started again on the same ports', async () => {
    const lease = await ready('mika', 'phoenix')
    hostOf(lease.key).die(lease, 3)
    await see(lease, { what: 'died', evidence: 'exit code 3' })
    await eventually(() => hostOf(lease.key).of(lease)[0]?.state === 'running', 'it runs again')
    await eventually(async () => (await it.status(lease.leaseId)).timeline.some(({ what }) => what === 'runs again'), 'the story knows')
    expect((await it.status(lease.leaseId)).place).toEqual(lease.status.place)
    await give(lease)
  })

  test('that runs, whatever an old word says, is let alone', async () => {
    const lease = await ready('mika', 'vivid')
    await see(lease, { what: 'died', evidence: 'an old word' })
    await see(lease, { what: 'busy', evidence: 'a later word' })
    await eventually(async () => (await it.status(lease.leaseId)).idle?.sentence === 'a later word', 'both were heard')
    await handle(lease.leaseId).executeUpdate(pauseUpdate, { args: [{ key: lease.key, by: { uid: 'mika' } }] })
    const { timeline } = await it.until(lease.leaseId, 'paused') // whatever the first word brought about is over by now
    expect(timeline.map(({ what }) => what).join()).not.toContain('starts again')
    expect(hostOf(lease.key).of(lease)[0]!.starts).toBe(1)
    await give(lease)
  })

  test('heeds the newest watch of its host alone', async () => {
    const lease = await ready('mika', 'heedful')
    await see(lease, { what: 'busy', evidence: 'of the newer', watch: 7 })
    await see(lease, { what: 'idle', since: Date.now() - 60 * second, evidence: 'of the older', watch: 6 })
    await see(lease, { what: 'busy', evidence: 'of the newer, again', watch: 7 })
    await eventually(async () => (await it.status(lease.leaseId)).idle?.sentence === 'of the newer, again', 'all were heard')
    expect((await it.status(lease.leaseId)).timeline.some(({ what }) => what.includes('older'))).toBe(false)
    await give(lease)
  })

  test('on other ports has its name published anew', async () => {
    const lease = await ready('mika', 'mover')
    await see(lease, { what: 'ports moved', evidence: 'as the engine shows', hostPorts: [29_999] })
    await eventually(async () => (await it.status(lease.leaseId)).endpoints[0]?.hostPort === 29_999, 'the lease knows')
    expect(await it.names.list('campus.test')).toContainEqual(expect.objectContaining({ key: lease.key, ports: [29_999] }))
    await give(lease)
  })

  test('is given up after five times', async () => {
    const lease = await ready('mika', 'hopeless')
    for (let time = 1; time <= 6; time++) {
      hostOf(lease.key).die(lease, time)
      await see(lease, { what: 'died', evidence: `time ${time}` })
      if (time <= 5) await eventually(async () => (await it.status(lease.leaseId)).timeline.filter(({ what }) => what === 'runs again').length === time, `start ${time}`)
    }
    expect(await handle(lease.leaseId).result()).toMatchObject({ reason: 'died' })
    expect(it.containers()).toBe(0)
  })

  test('on a lost host moves, and the old one is taken back when the host speaks again', async () => {
    const lease = await ready('mika', 'nomad')
    const old = lease.status.host!, other = old === 'h1' ? 'h2' : 'h1'
    await it.roles.hosts[old]!.stop()
    await see(lease, { what: 'host lost', evidence: 'silent for 10 min' })
    const moved = await eventually(async () => {
      const status = await it.status(lease.leaseId)
      return status.phase === 'ready' && status.host === other && status
    }, 'it moved')
    expect(moved.place!.number).toBeGreaterThan(1)
    it.roles.hosts[old] = await it.startHost(old)
    await eventually(() => it.runtimes[old]!.engine.containers.size === 0, 'the old one is gone')
    await give(lease)
    expect(it.containers()).toBe(0)
  })
})

describe('a right that is lost', () => {
  test('ends leases after a grace, only when it was seen twice', async () => {
    const lease = await ready('noor', 'rights')
    it.directory.remove('noor')
    await it.client.workflow.getHandle(accountId('noor')).signal(recheckSignal, { by: 'the test' })
    expect(await handle(lease.leaseId).result()).toMatchObject({ reason: 'revoked' })
    expect((await it.desk('noor')).notices.map(({ kind }) => kind)).toContain('rights')
    it.directory.put({ uid: 'noor', groups: ['all'] })
  })

  test('that comes back in time ends nothing', async () => {
    const lease = await ready('ada', 'again')
    await handle(lease.leaseId).signal(revokeSignal, { key: lease.key, by: 'x', reason: 'gone', at: Date.now() + 60 * second })
    await handle(lease.leaseId).signal(revokeSignal, { key: lease.key, by: 'x', reason: 'back', lifted: true })
    const status = await eventually(async () => {
      const seen = await it.status(lease.leaseId)
      return seen.timeline.some(({ what }) => what === 'goes on: back') && seen
    }, 'it goes on')
    expect(status.until).toBe(lease.status.until)
    await give(lease, 'ada')
  })

  test('while the directory is away is no reason', async () => {
    const lease = await ready('ada', 'away')
    it.directory.trouble = 'hidden'
    const asked = it.directory.asked
    await it.client.workflow.getHandle(accountId('ada')).signal(recheckSignal, { by: 'the test' })
    await eventually(() => it.directory.asked > asked, 'it was asked')
    it.directory.trouble = undefined
    expect((await it.desk('ada')).losing).toBeUndefined()
    expect((await it.status(lease.leaseId)).phase).toBe('ready')
    await give(lease, 'ada')
  })
})

test('every story told here replays', async () => {
  expect(await it.replay()).toEqual([])
})
