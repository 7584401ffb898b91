/** After every row: each story that was told must replay, and no task of a story may have failed. */
import type { Client } from '@temporalio/client'
import { Worker } from '@temporalio/worker'
import { workflowBundle } from '../../worker/bundle.ts'
import { dataConverter } from '../../worker/keys/converter.ts'
import type { Keyring } from '../../worker/keys/keyring.ts'

type Histories = Extract<Parameters<typeof Worker.runReplayHistories>[1], AsyncIterable<unknown>>

export interface Replayed {
  readonly told: number
  /** A sentence for each that differs. */
  readonly wrong: readonly string[]
  /** Tasks of stories that failed, each with its reason. */
  readonly failedTasks: readonly string[]
  /** Events of the longest run. */
  readonly longest: number
  readonly longestId: string
}

/**
 * No faults of a story (temporal.api.enums.v1.WorkflowTaskFailedCause): 1 something came while it wanted to close, so it
 * looks once more; 13 its worker was gone; 17 and 18 it was terminated, or failed over, during a task.
 */
const byTheServer: ReadonlySet<number> = new Set([1, 13, 17, 18])

/** All runs of all workflows, or a sample of so many. */
export async function replayAll(client: Client, ring: Keyring, most = Infinity): Promise<Replayed> {
  const failedTasks: string[] = [], wrong: string[] = []
  let told = 0, longest = 0, longestId = ''
  async function* histories(): AsyncGenerator<{ workflowId: string; history: Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>> }> {
    let taken = 0
    for await (const { workflowId, runId } of client.workflow.list()) {
      if (taken++ >= most) return
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory()
      const events = history.events ?? []
      if (events.length > longest) [longest, longestId] = [events.length, workflowId]
      for (const { workflowTaskFailedEventAttributes: failed } of events) {
        if (failed && !byTheServer.has(failed.cause ?? 0)) failedTasks.push(`${workflowId}: ${failed.failure?.message ?? String(failed.cause)}`)
      }
      yield { workflowId, history }
    }
  }
  const results = Worker.runReplayHistories({ workflowBundle: await workflowBundle(), dataConverter: dataConverter(ring) }, histories() as Histories)
  for await (const { workflowId, error } of results) {
    told++
    if (error) wrong.push(`${workflowId}: ${error.message}`)
  }
  return { told, wrong, failedTasks, longest, longestId }
}
