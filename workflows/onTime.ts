/**
 * Keeps a story from deciding under a moment that is not the server's. When a query reaches a worker that does not hold
 * the story, while an event waits for its own task, the SDK's core (1.24.0) applies that event under the time of the
 * task before and keeps the decision for the real task; replayed with the real time it may be another (TMPRL1100).
 * So: more history under the same time is refused, the query fails with one sentence, and its asker asks again.
 */
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow'
import { ApplicationFailure } from '@temporalio/common'
import { untimely } from './contract.ts'

export const interceptors: WorkflowInterceptorsFactory = () => {
  let time = '', length = 0
  return {
    internals: [{
      activate(input, next) {
        const { timestamp, jobs } = input.activation
        const historyLength = input.activation.historyLength ?? 0
        const now = `${String(timestamp?.seconds ?? '')}.${timestamp?.nanos ?? ''}`
        const tells = (jobs ?? []).some((job) => !job.queryWorkflow && !job.removeFromCache)
        if (tells && now === time && historyLength > length) {
          throw ApplicationFailure.create({ message: untimely, type: 'Untimely', nonRetryable: false })
        }
        if (tells) {
          time = now
          length = historyLength
        }
        return next(input)
      },
    }],
  }
}
