import { randomUUID } from 'node:crypto'
import { Worker } from '@temporalio/worker'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { workflowBundle, workflowInterceptorModules } from '../../worker/bundle.ts'
import { dataConverter } from '../../worker/keys/converter.ts'
import { confirmSignal, coreQueue, hostQueue, releaseUpdate, sweepByHandId, sweepQuery } from '../../workflows/contract.ts'
import type { SweepInput, SweepReport } from '../../workflows/sweep/terms.ts'
import { eventually, newKey, world, type World } from './harness.ts'
import { campus } from './terms.ts'

const mebi = 2 ** 20
let it: World
const ran: string[] = []
const begin = async (input: Partial<SweepInput> = {}) => {
  const workflowId = sweepByHandId(randomUUID())
  ran.push(workflowId)
  return it.client.workflow.start('sweep', { workflowId, taskQueue: coreQueue, args: [{ mode: 'report', youngMs: 0, ...input }] })
}
const sweep = async (input: Partial<SweepInput> = {}): Promise<SweepReport> => (await begin(input)).result() as Promise<SweepReport>
/** A container and a name with our mark, as a story would have left them. */
const leave = async (key: string, { member = 'mika', number = 1, named = true } = {}) => {
  await it.runtimes['h1']!.start({
    key, number, member, hostPorts: [], spec: { image: 'web', reference: 'web:1', cpu: 1, memory: 64 * mebi, ports: [] },
  }, { heartbeat: () => {}, signal: new AbortController().signal })
  if (named) await it.names.claim({ zone: 'campus.test', label: `left-${key.slice(0, 6)}`, key, number, address: '127.0.0.1', ports: [], ttlMs: 1_000 })
}
const ready = async (name: string, member = 'mika') => {
  const receipt = await it.lend(member, { name })
  await it.until(receipt.leaseId, 'ready')
  await eventually(async () => (await it.client.workflow.count(`WorkflowType = 'lease' AND BerthPhase = 'ready' AND WorkflowId = '${receipt.leaseId}'`)).count === 1, 'it is listed')
  return receipt
}
const replay = async () => {
  const histories = await Promise.all(ran.map(async (workflowId) => ({ workflowId, history: await it.client.workflow.getHandle(workflowId).fetchHistory() })))
  const options = { workflowBundle: await workflowBundle(), interceptors: { workflowModules: workflowInterceptorModules }, dataConverter: dataConverter(it.context.payloads) }
  for await (const { error } of Worker.runReplayHistories(options, histories)) if (error) throw error
  return ran.length
}

describe('a sweep', () => {
  beforeAll(async () => {
    ran.length = 0
    it = await world({ entitlement: { sites: [{ ...campus, hosts: ['h1'] }] } })
  })
  afterAll(async () => {
    expect(await replay()).toBeGreaterThan(0)
    await it.stop()
  })

  test('finds nothing where everything is lent, and says so in one sentence', async () => {
    const { leaseId, key } = await ready('all-right')
    const report = await sweep({ mode: 'enforce' })
    expect(report).toMatchObject({ ours: 3, leases: 1, removed: 0, findings: [], silent: [] })
    expect(report.sentence).toBe('All 3 things with our mark are right, for 1 open leases.')
    await it.client.workflow.getHandle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by: { uid: 'mika' } }] })
    await it.client.workflow.getHandle(leaseId).result()
  })

  test('reports what a terminated lease left behind, and removes it in enforce mode only', async () => {
    const kept = await ready('stays', 'noor'), left = await ready('leftover')
    await it.client.workflow.getHandle(left.leaseId).terminate('by an admin')
    await eventually(async () => (await it.client.workflow.count(`WorkflowId = '${left.leaseId}' AND ExecutionStatus = 'Terminated'`)).count === 1, 'its end is listed')
    const young = await sweep({ mode: 'enforce', youngMs: 3_600_000 })
    expect(young).toMatchObject({ removed: 0 })
    expect(it.containers()).toBe(2)
    const told = await sweep()
    expect(told).toMatchObject({ mode: 'report', removed: 0 })
    expect(told.findings.filter(({ verdict }) => verdict === 'surplus').map(({ what }) => what).sort()).toEqual(['container', 'name'])
    expect(told.sentence).toContain('would be removed in enforce mode')
    expect(it.containers()).toBe(2)
    expect(await sweep({ mode: 'enforce' })).toMatchObject({ removed: 2, failed: 0 })
    expect(it.containers()).toBe(1)
    expect([...it.names.held.values()].map((one) => one !== 'foreign' && one.key)).toEqual([kept.key])
    const { engine } = it.runtimes['h1']!
    expect([...engine.networks.values()].map(({ member }) => member)).toEqual(['noor'])
    await it.client.workflow.getHandle(kept.leaseId).executeUpdate(releaseUpdate, { args: [{ key: kept.key, by: { uid: 'noor' } }] })
    await it.client.workflow.getHandle(kept.leaseId).result()
  })

  test('removes a volume after its container, and leaves that of an open lease', async () => {
    const kept = await ready('has-volume', 'noor'), left = await ready('had-volume'), { engine } = it.runtimes['h1']!
    for (const { key, member } of [{ ...kept, member: 'noor' }, { ...left, member: 'mika' }]) engine.leave(`data-${key}`, 'test', { key, number: 1, member })
    await it.client.workflow.getHandle(left.leaseId).terminate('by an admin')
    await eventually(async () => (await it.client.workflow.count(`WorkflowId = '${left.leaseId}' AND ExecutionStatus = 'Terminated'`)).count === 1, 'its end is listed')
    expect(await sweep({ mode: 'enforce' })).toMatchObject({ removed: 2, failed: 0 })
    const report = await sweep({ mode: 'enforce' })
    expect(report).toMatchObject({ removed: 1, failed: 0 })
    expect(report.findings).toContainEqual(expect.objectContaining({ verdict: 'surplus', what: 'volume', object: `h1/data-${left.key}` }))
    expect([...engine.volumes.keys()]).toEqual([`data-${kept.key}`])
    engine.volumes.clear()
    await it.client.workflow.getHandle(kept.leaseId).executeUpdate(releaseUpdate, { args: [{ key: kept.key, by: { uid: 'noor' } }] })
    await it.client.workflow.getHandle(kept.leaseId).result()
  })

  test('tells of a lease without its container, and lets the watch mend it', async () => {
    const lease = await ready('vanished')
    it.runtimes['h1']!.engine.vanish(lease)
    const report = await sweep({ mode: 'enforce' })
    expect(report.findings).toContainEqual(expect.objectContaining({ verdict: 'missing', what: 'container', key: lease.key }))
    expect(report.removed).toBe(0)
    await it.client.workflow.getHandle(lease.leaseId).executeUpdate(releaseUpdate, { args: [{ key: lease.key, by: { uid: 'mika' } }] })
    await it.client.workflow.getHandle(lease.leaseId).result()
  })

  test('stops and asks when a thing belongs to a lease that the namespace never heard of', async () => {
    const key = newKey()
    await leave(key, { named: false })
    const stopped = await sweep({ mode: 'enforce' })
    expect(stopped).toMatchObject({ removed: 0, asks: { remove: 1 } })
    expect(stopped.asks!.why).toContain('never heard of')
    expect(await sweep({ mode: 'enforce', yesRemove: 1 })).toMatchObject({ removed: 1 })
    expect(it.containers()).toBe(0)
  })

  test('waits for an admin\'s word where it is told to, and goes no further than the word', async () => {
    const keys = Array.from({ length: 3 }, () => newKey())
    for (const key of keys) await leave(key, { named: false })
    const handle = await begin({ mode: 'enforce', waitMs: 60_000 })
    const asked = await eventually(async () => handle.query(sweepQuery), 'it asks')
    expect(asked!.asks!.remove).toBe(3)
    await handle.signal(confirmSignal, { remove: 2, by: 'ada' })
    await eventually(async () => (await handle.query(sweepQuery))!.at > asked!.at, 'it looked again')
    expect(it.containers()).toBe(3)
    await handle.signal(confirmSignal, { remove: 3, by: 'ada' })
    expect(await handle.result()).toMatchObject({ removed: 3 })
    expect(it.containers()).toBe(0)
  })

  test('never touches what is foreign, and leaves a host alone that does not answer', async () => {
    const { engine } = it.runtimes['h1']!
    engine.create('somebody-elses', undefined, { key: 'x', number: 1, member: 'x', hostPorts: [], spec: { image: 'x', reference: 'x', cpu: 1, memory: mebi, ports: [] } })
    it.names.plant('www', 'campus.test')
    expect(await sweep({ mode: 'enforce', yesRemove: 1_000 })).toMatchObject({ removed: 0, ours: 0 })
    expect([engine.containers.size, it.names.held.size]).toEqual([1, 1])
    engine.containers.delete('somebody-elses')
    await leave(newKey(), { named: false })
    engine.away = true
    const blind = await sweep({ mode: 'enforce', yesRemove: 1_000 })
    engine.away = false
    expect(blind).toMatchObject({ removed: 0, ours: 0 })
    expect(it.containers()).toBe(1)
    expect(blind.silent.join('\n')).toContain('h1 did not tell what it has')
  })
})

describe('a sweep where nobody runs a host', () => {
  beforeAll(async () => {
    ran.length = 0
    it = await world({ entitlement: { sites: [{ ...campus, hosts: ['h1', 'h9'] }] } })
  })
  afterEach(() => {
    const { containers, networks } = it.runtimes['h1']!.engine
    containers.clear()
    networks.clear()
  })
  afterAll(async () => {
    await replay()
    await it.stop()
  })

  /** How long Temporal says that it took. */
  const took = async () => {
    const { startTime, closeTime } = await it.client.workflow.getHandle(ran.at(-1)!).describe()
    return closeTime!.getTime() - startTime.getTime()
  }

  test('does not wait for one that never was, and tells that it did not answer', async () => {
    await leave(newKey(), { named: false })
    const report = await sweep()
    expect(report.ours).toBe(2)
    expect(report.silent).toEqual(['h9 did not tell what it has: nobody runs it, or it is too busy to answer.'])
    expect(await took()).toBeLessThan(5_000) // 2 s of them for h9
  })

  test('asks one again that has spoken lately, for it may only be busy', async () => {
    await leave(newKey(), { named: false })
    await it.roles.hosts['h1']!.stop()
    const handle = await begin()
    const asked = async () => (await handle.fetchHistory()).events!.filter(({ activityTaskScheduledEventAttributes: of }) => of?.activityType?.name === 'listOwned' && of.taskQueue?.name === hostQueue('h1'))
    await eventually(async () => (await asked()).length === 2, 'it is asked again')
    it.roles.hosts['h1'] = await it.startHost('h1')
    expect(await handle.result()).toMatchObject({ ours: 2, silent: [expect.stringContaining('h9 did not tell')] })
  })
})

describe('a fresh namespace beside living containers', () => {
  beforeAll(async () => {
    ran.length = 0
    it = await world({ entitlement: { sites: [{ ...campus, hosts: ['h1'] }] } })
  })
  afterAll(async () => {
    await replay()
    await it.stop()
  })

  test('costs nobody a container: nothing is removed, and an admin is asked', async () => {
    const { engine } = it.runtimes['h1']!
    for (let i = 0; i < 50; i++) {
      const key = newKey()
      await leave(key)
      const made = [...engine.containers.values()].at(-1)!
      Object.assign(made, { createdAt: Date.now() - 3_600_000 })
    }
    const report = await sweep({ mode: 'enforce' })
    expect(report).toMatchObject({ removed: 0, failed: 0 })
    expect(report.asks?.why).toContain('is it the right one, or restored?')
    expect(report.sentence).toMatch(/^Stopped, nothing removed: 100 of \d+ things would go/)
    expect([it.containers(), it.names.held.size]).toEqual([50, 50])
  })
})
