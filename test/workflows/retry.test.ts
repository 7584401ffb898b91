/** An admin has a stuck lease tried at once, from the CLI's door and as the Temporal UI does it: plain JSON, no keys. */
import { randomUUID } from 'node:crypto'
import { Client } from '@temporalio/client'
import { ApplicationFailure } from '@temporalio/common'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { retry } from '../../client/commands/admin/retry.ts'
import { stop } from '../../client/refused.ts'
import { releaseUpdate, retryUpdate } from '../../workflows/contract.ts'
import { refusalIn } from '../../workflows/refuse.ts'
import { adminDoor } from './adminDoor.ts'
import { eventually, world, type World } from './harness.ts'

let it: World
/** Steps that fail just now; none of them comes again by itself while a test runs. */
const away = new Set<string>()
const orFail = async <T>(step: string, what: string, run: () => Promise<T>): Promise<T> => {
  if (away.has(step)) throw ApplicationFailure.create({ message: what, type: 'Unavailable', nextRetryDelay: '1 hour' })
  return run()
}
beforeAll(async () => {
  it = await world({
    steps: (steps) => ({ ...steps, releaseName: (owner) => orFail('releaseName', 'The nameserver does not answer.', () => steps.releaseName(owner)) }),
    hostSteps: (steps) => ({
      ...steps,
      startContainer: (order) => orFail('startContainer', 'The engine does not answer.', () => steps.startContainer(order)),
      removeContainer: (of) => orFail('removeContainer', 'The engine does not answer.', () => steps.removeContainer(of)),
    }),
  })
})
afterEach(() => away.clear())
afterAll(async () => {
  expect(await it.replay()).toEqual([])
  await it.stop()
})

const handle = (leaseId: string) => it.client.workflow.getHandle(leaseId)
const door = (requestId?: string) => adminDoor(it, requestId)
type Lent = Awaited<ReturnType<World['lend']>>
const found = ({ key, leaseId, name }: Lent) => ({ key, leaseId, member: 'mika', name })
const timeline = async ({ leaseId }: Lent) => (await it.status(leaseId)).timeline.map(({ what }) => what)
/** So many steps wait for their next try, an hour away. */
const waiting = ({ leaseId }: Lent, count: number) => eventually(async () => {
  const { raw } = await handle(leaseId).describe()
  return raw.pendingActivities?.filter((one) => one.nextAttemptScheduleTime).length === count
}, `${count} steps wait`)
/** As the Temporal UI sends it: without our keys. */
const plain = () => new Client({ connection: it.client.connection, namespace: it.context.namespace }).workflow

describe('a lease whose step waits long for its next try', () => {
  test('is tried at once by an admin, who learns what it waited for; its timeline says who', async () => {
    away.add('startContainer')
    const lease = await it.lend('mika', { name: 'late' })
    await waiting(lease, 1)
    const still = await door().retry(found(lease))
    expect(still.sentence).toBe('late: starting its container is tried again now after 1 try, the last: The engine does not answer.')
    await waiting(lease, 1)
    away.clear()
    const answer = await door().retry(found(lease))
    expect(answer.steps).toEqual([{ step: 'startContainer', is: 'retried', failed: 1, why: 'The engine does not answer.' }])
    expect(retry.say!(answer)).toBe(answer.sentence)
    await it.until(lease.leaseId, 'ready')
    expect((await timeline(lease)).filter((what) => what === 'ada has tried again at once: starting its container')).toHaveLength(2)
    expect(await door().retry(found(lease))).toEqual({ steps: [], sentence: 'late has nothing to try again; it is ready.' })
    await handle(lease.leaseId).executeUpdate(releaseUpdate, { args: [{ key: lease.key, by: { uid: 'mika' } }] })
    await handle(lease.leaseId).result()
  })

  test('is let go at once by the same request once, however often it is delivered', async () => {
    const lease = await it.lend('mika', { name: 'stuck' })
    await it.until(lease.leaseId, 'ready')
    away.add('removeContainer').add('releaseName')
    await handle(lease.leaseId).executeUpdate(releaseUpdate, { args: [{ key: lease.key, by: { uid: 'mika' } }] })
    await waiting(lease, 2)
    const request = randomUUID(), first = await door(request).retry(found(lease))
    expect(first.steps.map(({ step, is }) => `${step} ${is}`).sort()).toEqual(['releaseName retried', 'removeContainer retried'])
    await waiting(lease, 2)
    expect(await door(request).retry(found(lease))).toEqual(first)
    away.clear()
    await door().retry(found(lease))
    expect(await handle(lease.leaseId).result()).toMatchObject({ reason: 'returned' })
    expect(it.containers()).toBe(0)
    await expect(door().retry(found(lease))).rejects.toEqual(stop('over', 'stuck is over already.'))
  })

  test('is tried again by Temporal\'s own "Reset" of the activity, and nobody but an admin may ask the lease for it', async () => {
    away.add('startContainer')
    const lease = await it.lend('mika', { name: 'by-hand' })
    await waiting(lease, 1)
    for (const by of [{ uid: 'mika' }, { uid: 'noor' }]) {
      const refused = await handle(lease.leaseId).executeUpdate(retryUpdate, { args: [{ key: lease.key, by }] }).then(() => undefined, refusalIn)
      expect(refused?.kind).toBe(by.uid === 'mika' ? 'notAdmin' : 'notYours')
    }
    expect((await timeline(lease)).join()).not.toContain('tried again')
    away.clear()
    const [pending] = (await handle(lease.leaseId).describe()).raw.pendingActivities!
    await it.client.workflowService.resetActivity({ namespace: it.context.namespace, execution: { workflowId: lease.leaseId }, id: pending!.activityId! })
    await it.until(lease.leaseId, 'ready')
    await handle(lease.leaseId).executeUpdate(releaseUpdate, { args: [{ key: lease.key, by: { uid: 'mika' } }] })
    await handle(lease.leaseId).result()
  })

  test('waits in line, where nothing can be tried again', async () => {
    const lease = await it.lend('mika', { name: 'crowd', cpu: 2 })
    const others = [lease, ...await Promise.all(['b', 'c', 'd'].map((name) => it.lend('mika', { name, cpu: 2 })))]
    await Promise.all(others.map(({ leaseId }) => it.until(leaseId, 'ready')))
    const last = await it.lend('mika', { name: 'last', cpu: 2 })
    await eventually(async () => (await it.status(last.leaseId)).queue, 'it waits in line')
    expect((await door().retry(found(last))).sentence).toMatch(/^last waits in line, where nothing can be tried again: .+\.$/)
    for (const { leaseId, key } of [last, ...others]) await handle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by: { uid: 'mika' } }] })
    await Promise.all([last, ...others].map(({ leaseId }) => handle(leaseId).result()))
  })
})

describe('what the details of a lease say that an admin can send', () => {
  /** The line of one message: its kind, its name, and its argument ready to be copied. */
  const way = async (lease: Lent, name: string): Promise<unknown> => {
    const [described] = await it.client.workflow.getHandle(lease.leaseId).query<{ currentDetails?: string }[] | { currentDetails?: string }>('__temporal_workflow_metadata').then((one) => [one].flat())
    const [, json] = new RegExp(`\\*\\*${name}\\*\\* \`(.+?)\``).exec(described!.currentDetails ?? '') ?? []
    return JSON.parse(json!.replaceAll('"YOU"', '"ada"').replaceAll('"WHY"', '"exam"'))
  }

  test('holds it, extends it, tries it again and ends it when sent as it stands', async () => {
    const lease = await it.lend('mika', { name: 'shown', forMs: 20 * 60_000 })
    const { until } = await it.until(lease.leaseId, 'ready')
    const ui = plain().getHandle(lease.leaseId)
    const send = async (name: string) => ui.startUpdate(name, { args: [await way(lease, name)], waitForStage: 'ACCEPTED' })
    await send('extend')
    await eventually(async () => (await it.status(lease.leaseId)).until === until! + 3_600_000, 'it is longer')
    await send('hold')
    await eventually(async () => (await it.status(lease.leaseId)).held?.reason === 'exam', 'it is held')
    await send('retry')
    await ui.signal('revoke', await way(lease, 'revoke'))
    expect(await handle(lease.leaseId).result()).toMatchObject({ reason: 'revoked', sentence: 'exam' })
  })

  test('takes it back', async () => {
    const lease = await it.lend('mika', { name: 'given' })
    await it.until(lease.leaseId, 'ready')
    await plain().getHandle(lease.leaseId).startUpdate('release', { args: [await way(lease, 'release')], waitForStage: 'ACCEPTED' })
    expect(await handle(lease.leaseId).result()).toMatchObject({ reason: 'returned', sentence: 'returned by ada.' })
  })
})
