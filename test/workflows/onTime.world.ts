/**
 * The moment that `workflows/onTime.ts` is about, made by hand. A story's first task is played over raw gRPC, so that
 * no worker holds it; queries wait for a worker while nothing else is to do; its timer fires; then a worker comes and
 * takes a query before the task of the timer.
 */
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { Client, Connection } from '@temporalio/client'
import { temporal } from '@temporalio/proto'
import { bundleWorkflowCode, NativeConnection, Worker, type WorkflowBundle } from '@temporalio/worker'
import { inject } from 'vitest'
import { prepareNamespace } from '../../worker/namespace.ts'
import { workflowInterceptorModules } from '../../worker/bundle.ts'
import { napsQuery } from './fixtures/nap.ts'
import { eventually } from './harness.ts'

const { CommandType, EventType, TaskQueueKind } = temporal.api.enums.v1
const queue = { name: 'nap', kind: TaskQueueKind.TASK_QUEUE_KIND_NORMAL }
const napMs = 1_500
/** So many wait for the worker, so that one of them is taken before the task. */
const questions = 8
/** A query that core drops, because the story was put away under it, is heard of by its deadline alone. */
const patienceMs = 12_000

export const napBundle = (guarded: boolean): Promise<WorkflowBundle> => bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('./fixtures/nap.ts', import.meta.url)),
  workflowInterceptorModules: guarded ? workflowInterceptorModules : [],
  logger: { log() {}, trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error },
})

export interface Nap {
  /** What each query that waited was answered, or the message of its failure. */
  readonly answers: readonly (number | string)[]
  /** Asked again, once the worker is there. */
  readonly again: number
  readonly timers: number
  /** Replay's error; absent when it replays. */
  readonly replay?: string | undefined
}

export async function napAt(workflowBundle: WorkflowBundle, askAgain: (client: Client, id: string) => Promise<number>): Promise<Nap> {
  const namespace = `nap-${randomUUID()}`, workflowId = 'nap', address = inject('temporal')
  const connection = await Connection.connect({ address })
  await prepareNamespace(connection, { namespace, instance: 'test' })
  const native = await NativeConnection.connect({ address })
  const client = new Client({ connection, namespace })
  try {
    const handle = await client.workflow.start('nap', { workflowId, taskQueue: queue.name, args: [napMs] })
    await playFirstTask(connection, namespace)
    const asked = Promise.all(Array.from({ length: questions }, () => (
      client.withDeadline(Date.now() + patienceMs, () => handle.query(napsQuery)).catch((error: unknown) => (error as Error).message))))
    await eventually(async () => (await handle.fetchHistory()).events!.at(-1)!.eventType === EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, 'the timer has fired')
    const worker = await Worker.create({
      connection: native, namespace, taskQueue: queue.name, workflowBundle, maxConcurrentWorkflowTaskPolls: 2, stickyQueueScheduleToStartTimeout: '2s',
    })
    const [answers, again] = await worker.runUntil(async () => {
      const answers = await asked
      const again = await askAgain(client, workflowId)
      await client.withDeadline(Date.now() + 20_000, () => handle.result())
      return [answers, again] as const
    })
    const history = await handle.fetchHistory()
    const timers = history.events!.filter(({ eventType }) => eventType === EventType.EVENT_TYPE_TIMER_STARTED).length
    const replay = await Worker.runReplayHistory({ workflowBundle }, history, workflowId).then(() => undefined, (error: unknown) => (error as Error).message)
    return { answers, again, timers, replay }
  } finally {
    await native.close()
    await connection.close()
  }
}

/** Plays it until a query was taken before the task, which a worker is free not to do; `is` tells. */
export async function napUntil(bundle: WorkflowBundle, is: (nap: Nap) => boolean, askAgain: Parameters<typeof napAt>[1]): Promise<Nap> {
  for (let left = 4; ; left--) {
    const nap = await napAt(bundle, askAgain)
    if (is(nap) || left === 0) return nap
  }
}

/** As a worker would: starts the timer. */
async function playFirstTask(connection: Connection, namespace: string): Promise<void> {
  const { workflowService } = connection
  const { taskToken } = await connection.withDeadline(Date.now() + 30_000, () => (
    workflowService.pollWorkflowTaskQueue({ namespace, taskQueue: queue, identity: 'by hand' })))
  await workflowService.respondWorkflowTaskCompleted({
    namespace, taskToken, identity: 'by hand',
    commands: [{ commandType: CommandType.COMMAND_TYPE_START_TIMER, startTimerCommandAttributes: { timerId: '1', startToFireTimeout: { seconds: Math.floor(napMs / 1_000) as never, nanos: (napMs % 1_000) * 1_000_000 } } }],
    sdkMetadata: { coreUsedFlags: [1, 2, 3], langUsedFlags: [1, 2, 3, 4, 5, 6], sdkName: 'temporal-typescript', sdkVersion: '1.24.0' },
  })
}
