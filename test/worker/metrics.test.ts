import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../worker/embedded/port.ts'
import { installRuntime } from '../../worker/runtime.ts'
import { keepSweeping } from '../../worker/schedules.ts'
import { accountId, coreQueue, recheckSignal, releaseUpdate, sweepByHandId, sweepId } from '../../workflows/contract.ts'
import { eventually, newKey, world, type World } from '../workflows/harness.ts'
import { campus } from '../workflows/terms.ts'

let it: World, at: string
const read = async () => (await fetch(`http://${at}/metrics`)).text()
const value = (text: string, name: string, ...labels: string[]) => text.split('\n')
  .filter((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label))).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)

beforeAll(async () => {
  at = `127.0.0.1:${await freePort()}`
  installRuntime({ level: 'WARN', metrics: at, write: () => {} }) // before the first worker of this process
  // The list of workflows lags, so the two looks at a lost right stand well apart.
  it = await world({ clocks: { recheckApartMs: 3_000 }, entitlement: { sites: [{ ...campus, hosts: ['h1'] }] } })
})
afterAll(() => it.stop())

test('Prometheus reads leases by phase, waits, take-backs, tries to undo, and what a sweep found', async () => {
  const { leaseId, key } = await it.lend('mika', { name: 'counted' })
  await it.until(leaseId, 'ready')
  it.names.faults.loseAnswers = 1 // the release is done, and tried again
  await it.client.workflow.getHandle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by: { uid: 'mika' } }] })
  await it.client.workflow.getHandle(leaseId).result()
  await it.client.workflow.execute('sweep', { workflowId: sweepByHandId(randomUUID()), taskQueue: coreQueue, args: [{ mode: 'report', youngMs: 0 }] })
  const text = await eventually(async () => {
    const seen = await read()
    return seen.includes('berth_sweep_findings') && seen.includes('berth_take_back_late_seconds') && seen
  }, 'the numbers are there')
  for (const phase of ['waiting', 'ready', 'ended']) expect(value(text, 'berth_lease_phases_total', `phase="${phase}"`), phase).toBe(1)
  expect(value(text, 'berth_wait_seconds_count', 'site="campus"')).toBe(1)
  expect(value(text, 'berth_take_back_late_seconds_count', 'reason="returned"')).toBe(1)
  expect(value(text, 'berth_undo_retries_total', 'step="releaseName"')).toBeGreaterThanOrEqual(1)
  expect(text).toMatch(/berth_leases\{.*phase="ready".*\} \d/)
  expect(value(text, 'berth_sweep_stopped')).toBe(0)
  expect(text).toContain('temporal_')
})

test('a sweep that stops says how much waits for an admin\'s word, and one that goes on what it removed', async () => {
  const key = newKey(), { engine } = it.runtimes['h1']!
  engine.leave(`data-${key}`, 'test', { key, number: 1, member: 'mika' })
  const sweep = (yesRemove: number) => it.client.workflow.execute('sweep', {
    workflowId: sweepByHandId(randomUUID()), taskQueue: coreQueue, args: [{ mode: 'enforce', youngMs: 0, yesRemove }],
  })
  await sweep(0)
  const stopped = await eventually(async () => {
    const text = await read()
    return value(text, 'berth_sweep_stopped') === 1 && text
  }, 'it is told')
  expect(value(stopped, 'berth_sweep_findings', 'verdict="surplus"')).toBe(1)
  expect(value(stopped, 'berth_sweep_removed_total')).toBe(0)
  await sweep(1)
  const removed = await eventually(async () => {
    const text = await read()
    return value(text, 'berth_sweep_removed_total') === 1 && text
  }, 'it is told')
  expect(value(removed, 'berth_sweep_stopped')).toBe(0)
  expect(engine.volumes.size).toBe(0)
})

test('open leases are counted by phase at a sweep, and a brake that holds is counted', async () => {
  const members = Array.from({ length: 7 }, (_, i) => `m${i}`)
  for (const uid of members) it.directory.put({ uid, groups: ['all'] })
  const leases = await Promise.all(members.map((uid) => it.lend(uid, { name: 'held' })))
  await Promise.all(leases.map(({ leaseId }) => it.until(leaseId, 'ready')))
  await eventually(async () => (await it.client.workflow.count(`WorkflowType = 'lease' AND BerthPhase = 'ready' AND ExecutionStatus = 'Running'`)).count === 7, 'they are listed')
  await it.client.workflow.execute('sweep', { workflowId: sweepByHandId(randomUUID()), taskQueue: coreQueue, args: [{ mode: 'report', youngMs: 0 }] })
  await eventually(async () => value(await read(), 'berth_leases', 'phase="ready"') === 7, 'they are counted')
  for (const uid of members) it.directory.remove(uid)
  await Promise.all(members.map((uid) => it.client.workflow.getHandle(accountId(uid)).signal(recheckSignal, { by: 'ada' })))
  await eventually(async () => value(await read(), 'berth_brake_stopped_total', 'what="rights"') >= 1, 'the brake holds')
})

test('the schedule is made once however often a role starts, sweeps, and keeps what an admin did to it', async () => {
  const settings = { mode: 'report' as const, everyMs: 3_600_000, youngMs: 60_000 }
  await Promise.all([keepSweeping(it.context, settings), keepSweeping(it.context, settings)])
  const schedule = it.client.schedule.getHandle(sweepId)
  expect((await schedule.describe()).info.lastUpdatedAt).toBeUndefined() // an update in the moment of a pause would lose it
  await schedule.pause('an admin has a reason')
  await eventually(async () => (await schedule.describe()).state.paused, 'it is paused') // a pause is a signal to the schedule
  await keepSweeping(it.context, { ...settings, everyMs: 7_200_000 })
  const described = await schedule.describe()
  expect(described.state.paused).toBe(true)
  expect(described.spec.intervals?.[0]?.every).toBe(7_200_000)
  expect(described.policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 120_000 })
  await schedule.trigger()
  const started = await eventually(async () => {
    for await (const one of it.client.workflow.list({ query: `WorkflowType = 'sweep' AND BerthKind = 'sweep'` })) return one
    return undefined
  }, 'it sweeps')
  expect(started.workflowId).toMatch(/^sweep-\d{4}-/)
  expect(await it.client.workflow.getHandle(started.workflowId).result()).toMatchObject({ mode: 'report', removed: 0 })
  await schedule.delete()
})
