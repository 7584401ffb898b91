/**
 * Histories that are written by hand: weeks of a story in milliseconds, without a server. `event` is what happens to
 * the story, `turn` is a workflow task in which it hears of all that happened since, `command` is what it did in it.
 */
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, Worker, type InjectedSinks, type WorkflowBundleWithSourceMap } from '@temporalio/worker'
import { workflowInterceptorModules } from '../../worker/bundle.ts'
import { localMarker } from '../bench/actions.ts'
import type { SpySinks } from './fixtures/spy.ts'

export const payloads = (...values: unknown[]) => ({ payloads: values.map((value) => ({
  metadata: { encoding: btoa('json/plain') }, data: Buffer.from(JSON.stringify(value)).toString('base64'),
})) })

/** Without it core takes a wrong activity for right, and the story behaves as under an old SDK. */
const sdkMetadata = { coreUsedFlags: [1, 2, 3], langUsedFlags: [1, 2, 3, 4, 5, 6], sdkVersion: '1.24.0' }

export class Story {
  readonly events: object[] = []
  /** The moment of the last event. */
  now: number
  #task = ''
  #taskAt = 0
  #activities = 0
  #timers = 0

  constructor(type: string, input: unknown, begin = Date.UTC(2026, 0, 1)) {
    this.now = begin
    this.event('WORKFLOW_EXECUTION_STARTED', {
      workflowType: { name: type }, taskQueue: { name: 'q' }, input: payloads(input), workflowTaskTimeout: '10s', originalExecutionRunId: 'r',
      firstExecutionRunId: 'r', attempt: 1, workflowId: 'w',
    })
    this.turn()
  }

  event(kind: string, attributes: object = {}): string {
    const field = `${kind.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())}EventAttributes`
    const eventId = String(this.events.length + 1)
    this.events.push({ eventId, eventTime: new Date(this.now).toISOString(), eventType: `EVENT_TYPE_${kind}`, [field]: attributes })
    return eventId
  }

  at(moment: number): this {
    this.now = Math.max(this.now, moment)
    return this
  }

  wait(ms: number): this {
    return this.at(this.now + ms)
  }

  /** A workflow task; its moment is what the story's clock shows. Left open, it is the last one: what it does is only seen. */
  turn({ open = false } = {}): this {
    if (this.now <= this.#taskAt) this.now = this.#taskAt + 1 // no two tasks begin together (`onTime.ts`)
    this.#taskAt = this.now
    const scheduledEventId = this.event('WORKFLOW_TASK_SCHEDULED', { taskQueue: { name: 'q' }, attempt: 1 })
    const startedEventId = this.event('WORKFLOW_TASK_STARTED', { scheduledEventId })
    if (!open) this.#task = this.event('WORKFLOW_TASK_COMPLETED', { scheduledEventId, startedEventId, sdkMetadata })
    return this
  }

  command(kind: string, attributes: object = {}): string {
    return this.event(kind, { ...attributes, workflowTaskCompletedEventId: this.#task })
  }

  /** Answers with how to end it. */
  activity(name: string): { done: (result?: unknown) => void } {
    const activityId = String(++this.#activities)
    const scheduledEventId = this.command('ACTIVITY_TASK_SCHEDULED', { activityId, activityType: { name }, taskQueue: { name: 'q' } })
    return { done: (result) => {
      const startedEventId = this.event('ACTIVITY_TASK_STARTED', { scheduledEventId })
      this.event('ACTIVITY_TASK_COMPLETED', { scheduledEventId, startedEventId, result: payloads(result ?? null) })
    } }
  }

  /** A local activity that was answered within the turn that asked: all that is left of it is a marker. */
  local(name: string, result?: unknown): this {
    const seq = ++this.#activities, complete_time = { seconds: Math.floor(this.now / 1_000), nanos: this.now % 1_000 * 1e6 }
    const of = { seq, attempt: 1, activity_id: String(seq), activity_type: name, complete_time, backoff: null, original_schedule_time: complete_time }
    this.command('MARKER_RECORDED', { markerName: localMarker, details: { data: payloads(of), result: payloads(result ?? null) } })
    return this
  }

  /** Begun and cancelled in the same turn: such an activity has a number, and no command. */
  inVain(activities: number): this {
    this.#activities += activities
    return this
  }

  timer(ms: number): { fires: () => void; cancelled: () => void } {
    const timerId = String(++this.#timers)
    const startedEventId = this.command('TIMER_STARTED', { timerId, startToFireTimeout: `${ms / 1_000}s` })
    return {
      fires: () => void this.event('TIMER_FIRED', { timerId, startedEventId }),
      cancelled: () => void this.command('TIMER_CANCELED', { timerId, startedEventId }),
    }
  }

  /** A signal that the story sends. */
  says(signalName: string, workflowId: string): { arrives: () => void } {
    const initiatedEventId = this.command('SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED', { signalName, workflowExecution: { workflowId } })
    return { arrives: () => void this.event('EXTERNAL_WORKFLOW_EXECUTION_SIGNALED', { initiatedEventId, workflowExecution: { workflowId } }) }
  }

  /** A signal that the story hears. */
  hears(signalName: string, word: unknown): this {
    this.event('WORKFLOW_EXECUTION_SIGNALED', { signalName, input: payloads(word) })
    return this
  }

  /** An update that the last turn took. */
  takes(name: string, id: string, word: unknown): { answers: (value: unknown) => void; refuses: (type: string) => void } {
    const acceptedEventId = this.command('WORKFLOW_EXECUTION_UPDATE_ACCEPTED', {
      protocolInstanceId: id, acceptedRequestMessageId: `${id}/request`, acceptedRequestSequencingEventId: String(this.events.length - 2),
      acceptedRequest: { meta: { updateId: id }, input: { name, args: payloads(word) } },
    })
    const completed = (outcome: object) => void this.command('WORKFLOW_EXECUTION_UPDATE_COMPLETED', { meta: { updateId: id }, acceptedEventId, outcome })
    return {
      answers: (value) => completed({ success: payloads(value) }),
      refuses: (type) => completed({ failure: { message: type, applicationFailureInfo: { type, nonRetryable: true } } }),
    }
  }

  shows(): this {
    this.command('UPSERT_WORKFLOW_SEARCH_ATTRIBUTES', { searchAttributes: { indexedFields: {} } })
    return this
  }

  ends(result?: unknown): this {
    this.command('WORKFLOW_EXECUTION_COMPLETED', { result: payloads(result ?? null) })
    return this
  }
}

export type Seen = readonly [what: string, detail: unknown]

let bundled: Promise<WorkflowBundleWithSourceMap> | undefined
const spied = () => bundled ??= bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
  workflowInterceptorModules: [...workflowInterceptorModules, fileURLToPath(new URL('./fixtures/spy.ts', import.meta.url))],
  logger: { log() {}, trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error },
})

/** Replays them; answers with what each story did, in order, and throws when one does not replay. */
export async function told(stories: Iterable<Story>): Promise<Seen[][]> {
  const all = [...stories], seen = all.map((): Seen[] => [])
  const sinks: InjectedSinks<SpySinks> = { spy: { saw: { callDuringReplay: true, fn: (info, what, detail) => void seen[Number(info.workflowId)]!.push([what, detail]) } } }
  const histories = all.map(({ events }, at) => ({ workflowId: String(at), history: { events } }))
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle: await spied(), sinks }, histories)) {
    if (error) throw new Error(`story ${workflowId} went another way, having done ${seen[Number(workflowId)]!.map(([what]) => what).join(', ')}: ${error.message}`, { cause: error })
  }
  return seen
}

export const toldOne = async (story: Story): Promise<Seen[]> => (await told([story]))[0]!
