import { DeterminismViolationError } from '@temporalio/workflow'
import { Worker } from '@temporalio/worker'
import { beforeAll, expect, test } from 'vitest'
import { workflowBundle } from '../../worker/bundle.ts'
import { dataConverter } from '../../worker/keys/converter.ts'
import * as stories from '../../workflows/index.ts'
import { type SavedHistory, clearText, savedHistory, savedNames, savedRing, typeOf } from './saved.ts'
import { tales } from './tales.ts'

const scheduled = 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED', marked = 'EVENT_TYPE_MARKER_RECORDED'
const names = await savedNames()
const withSteps = (await Promise.all(names.map(async (name) => ({ name, events: (await savedHistory(name)).events }))))
  .filter(({ events }) => events.some(({ eventType }) => eventType === scheduled || eventType === marked)).map(({ name }) => name)
type Options = Parameters<typeof Worker.runReplayHistory>[0]
let plain: Options, traced: Options
beforeAll(async () => {
  const bundles = await Promise.all([workflowBundle(), workflowBundle({ traced: true })])
  ;[plain, traced] = bundles.map((workflowBundle) => ({ workflowBundle, dataConverter: dataConverter(savedRing) })) as [Options, Options]
})

const replay = (history: SavedHistory, options = plain) => Worker.runReplayHistory(options, history, 'saved').then(() => undefined, (error: unknown) => error)

test('every kind of story has a saved history', () => {
  expect([...new Set(names.map(typeOf))].sort()).toEqual(Object.keys(stories).sort())
})

test('every history that is told to be saved is there, and no other', () => {
  expect(names).toEqual(tales.flatMap(({ tells }) => tells).sort())
})

test.each(names)('%s replays with the stories of today', async (name) => {
  const history = await savedHistory(name)
  expect(history.events.find(({ eventType }) => eventType === 'EVENT_TYPE_WORKFLOW_TASK_COMPLETED')).toBeDefined()
  expect(await replay(history)).toBeUndefined()
})

test.each(names)('%s, recorded without traces, replays when they are on', async (name) => {
  expect(await replay(await savedHistory(name), traced)).toBeUndefined()
})

test.each(names)('%s names neither a machine nor a folder', async (name) => {
  const said = await clearText(await savedHistory(name))
  expect(said).toMatch(/"(key|host|mode|attempt)":/) // it is in clear
  expect(said).not.toMatch(/"identity"|node_modules|file:\/\/|\/home\/|\/tmp\//)
})

test('all but those that end before their first step have one', () => {
  expect(names.filter((name) => !withSteps.includes(name))).toEqual(['lease.returned-in-line'])
})

test.each(withSteps)('%s does not replay when a step in it has another name', async (name) => {
  const history = await savedHistory(name)
  const steps = history.events.filter(({ eventType }) => eventType === scheduled || eventType === marked)
  rename(steps[0]!)
  expect(await replay(history)).toBeInstanceOf(DeterminismViolationError)
})

test('nor when a local step in it has another name', async () => {
  const history = await savedHistory('account.continued')
  rename(history.events.find(({ eventType }) => eventType === marked)!)
  expect(await replay(history)).toBeInstanceOf(DeterminismViolationError)
})

/** A local activity is named in what its marker tells, in clear. */
function rename(step: SavedHistory['events'][number]): void {
  const { activityTaskScheduledEventAttributes: task, markerRecordedEventAttributes: marker } = step as {
    activityTaskScheduledEventAttributes?: { activityType: { name: string } }
    markerRecordedEventAttributes?: { details: { data: { payloads: [{ data: string }] } } }
  }
  if (task) task.activityType.name = 'somethingElse'
  if (!marker) return
  const [told] = marker.details.data.payloads, of = JSON.parse(Buffer.from(told.data, 'base64').toString()) as object
  told.data = Buffer.from(JSON.stringify({ ...of, activity_type: 'somethingElse' })).toString('base64')
}

test('a history does not replay when two of its commands come in the other order', async () => {
  const history = await savedHistory('lease.due')
  const { events } = history
  // The steps that run side by side: the same moment, two commands.
  const at = events.findIndex(({ eventType }, i) => eventType === scheduled && events[i + 1]?.eventType === eventType)
  expect(at).toBeGreaterThan(0)
  const [one, two] = [events[at]!, events[at + 1]!]
  events.splice(at, 2, { ...two, eventId: one['eventId'] }, { ...one, eventId: two['eventId'] })
  expect(await replay(history)).toBeInstanceOf(DeterminismViolationError)
})
