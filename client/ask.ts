/** Asking a workflow: with a deadline, and again when it was reached between two of its steps. */
import type { WorkflowClient } from '@temporalio/client'
import type { QueryDefinition } from '@temporalio/common'
import { untimely } from '../workflows/contract.ts'

/** What of Temporal's client is used here; tests stand in for it. */
export interface Temporal {
  readonly workflow: Pick<WorkflowClient, 'getHandle' | 'executeUpdateWithStart' | 'list' | 'start'>
  withDeadline<R>(deadline: number | Date, fn: () => Promise<R>): Promise<R>
}

const tries = 10
const apartMs = 50

/** Throws what Temporal throws; `withinMs` is for all tries together. */
export async function ask<R>(temporal: Temporal, query: { readonly id: string; readonly of: QueryDefinition<R>; readonly withinMs: number }): Promise<R> {
  const deadline = Date.now() + query.withinMs
  for (let left = tries; ; left--) {
    try {
      return await temporal.withDeadline(deadline, () => temporal.workflow.getHandle(query.id).query(query.of))
    } catch (error) {
      const between = error instanceof Error && error.message.includes(untimely)
      if (!between || left <= 1 || Date.now() + apartMs > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, apartMs))
    }
  }
}
