import { Worker } from '@temporalio/worker'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { workflowBundle } from '../../worker/bundle.ts'
import { dataConverter } from '../../worker/keys/converter.ts'
import { jsonLine } from '../../worker/log.ts'
import { installRuntime } from '../../worker/runtime.ts'
import { accountId, releaseUpdate } from '../../workflows/contract.ts'
import { savedHistory, savedRing } from '../replay/saved.ts'
import { eventually, world, type World } from '../workflows/harness.ts'

interface Line {
  readonly at: string
  readonly level: string
  readonly message: string
  readonly lease?: string
  readonly error?: { readonly message?: string; readonly stack?: string }
  readonly [field: string]: unknown
}

const lines: string[] = []
const read = () => lines.map((line) => JSON.parse(line) as Line)
let it: World
beforeAll(async () => {
  installRuntime({ level: 'WARN', write: (line) => lines.push(line) }) // before the first worker of this process
  it = await world()
})
afterAll(() => it.stop())

test('what a step of a lease and its story say is a JSON line with the id of the lease', async () => {
  const host = it.runtimes['h1']!
  host.faults.arm({ verb: 'start', when: 'before', error: () => new Error('The engine stumbled.\nTwice.') })
  const { leaseId, key } = await it.lend('mika', { name: 'spoken-of' })
  await it.until(leaseId, 'ready')
  const step = await eventually(() => read().find(({ message, lease }) => message === 'Activity failed' && lease === leaseId), 'the step spoke')
  expect(step).toMatchObject({ level: 'warn', activityType: 'startContainer', error: { message: expect.stringContaining('stumbled') as string, stack: expect.any(String) as string } })

  await it.client.workflow.getHandle(accountId('mika')).terminate('by an admin')
  await it.client.workflow.getHandle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by: { uid: 'mika' } }] })
  await it.ended(leaseId)
  const story = await eventually(() => read().find(({ message }) => message === 'nobody keeps this account any more'), 'the story spoke')
  expect(story).toMatchObject({ level: 'warn', lease: leaseId, member: 'mika', error: { message: expect.any(String) as string } })
  for (const line of lines) {
    expect(line).not.toContain('\n')
    expect(new Date((JSON.parse(line) as Line).at).toISOString()).toBe((JSON.parse(line) as Line).at)
  }
})

test('what the core of the SDK says comes as such a line too', async () => {
  const history = await savedHistory('lease.due')
  const step = history.events.find(({ eventType }) => eventType === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED')!
  ;(step['activityTaskScheduledEventAttributes'] as { activityType: { name: string } }).activityType.name = 'somethingElse'
  await expect(Worker.runReplayHistory({ workflowBundle: await workflowBundle(), dataConverter: dataConverter(savedRing) }, history, 'saved')).rejects.toThrow()
  const said = await eventually(() => read().find((line) => line['sdkComponent'] === 'core' && JSON.stringify(line).includes('TMPRL1100')), 'the core spoke')
  expect(said.level).toBe('warn')
})

test('a line names the lease that it is about, whoever speaks, and has no field for what there is not', () => {
  const line = (fields: Record<string, unknown>) => JSON.parse(jsonLine({ level: 'warn', message: 'so', fields, at: new Date(0) })) as Line
  expect(line({ workflowId: 'account:mika', leaseId: 'lease:web.mika.k' })).toEqual({ at: '1970-01-01T00:00:00.000Z', level: 'warn', message: 'so', lease: 'lease:web.mika.k', workflowId: 'account:mika' })
  expect(line({ workflowId: 'site:campus' })).not.toHaveProperty('lease')
  expect(line({ big: 10n, error: new Error('outer', { cause: new TypeError('inner') }) })).toMatchObject({ big: '10', error: { message: 'outer', cause: { name: 'TypeError', message: 'inner' } } })
})
