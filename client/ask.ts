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
/** Of all the time: the SDK's core may drop a query for good, so none is waited for to the end. */
const shareOfTry = 1 / 3

/** Throws what Temporal throws; `withinMs` is for all tries together. */
export async function ask<R, A extends unknown[] = []>(temporal: Temporal, query: { readonly id: string; readonly of: QueryDefinition<R, A>; readonly args?: A; readonly withinMs: number }): Promise<R> {
  const deadline = Date.now() + query.withinMs
  for (let left = tries; ; left--) {
    try {
      return await temporal.withDeadline(Math.min(deadline, Date.now() + query.withinMs * shareOfTry), () => temporal.workflow.getHandle(query.id).query(query.of, ...(query.args ?? []) as A))
    } catch (error) {
      const between = error instanceof Error && (error.message.includes(untimely) || isLate(error))
      if (!between || left <= 1 || Date.now() + apartMs > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, apartMs))
    }
  }
}

/** gRPC's DEADLINE_EXCEEDED, however the client wrapped it. */
function isLate(error: Error): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ((at as { code?: unknown }).code === 4) return true
  }
  return false
}
