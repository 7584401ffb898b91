import { DeterminismViolationError } from '@temporalio/workflow'
import { Worker } from '@temporalio/worker'
import { beforeAll, expect, test } from 'vitest'
import { workflowBundle } from '../../worker/bundle.ts'
import { dataConverter } from '../../worker/keys/converter.ts'
import * as stories from '../../workflows/index.ts'
import { type SavedHistory, clearText, savedHistory, savedNames, savedRing, typeOf } from './saved.ts'
import { tales } from './tales.ts'

const scheduled = 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED'
const names = await savedNames()
const withSteps = (await Promise.all(names.map(async (name) => ({ name, events: (await savedHistory(name)).events }))))
  .filter(({ events }) => events.some(({ eventType }) => eventType === scheduled)).map(({ name }) => name)
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
  expect(said).toMatch(/"(key|host|mode)":/) // it is in clear
  expect(said).not.toMatch(/"identity"|node_modules|file:\/\/|\/home\/|\/tmp\//)
})

test('all but those that end before their first step have one', () => {
  expect(names.filter((name) => !withSteps.includes(name))).toEqual(['lease.returned-in-line'])
})

test.each(withSteps)('%s does not replay when a step in it has another name', async (name) => {
  const history = await savedHistory(name)
  const step = history.events.find(({ eventType }) => eventType === scheduled)
  const attributes = step!['activityTaskScheduledEventAttributes'] as { activityType: { name: string } }
  attributes.activityType.name = 'somethingElse'
  expect(await replay(history)).toBeInstanceOf(DeterminismViolationError)
})

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
