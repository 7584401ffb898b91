/** Counts steps of taking back that are tried again: a story does not see tries. */
import type { Context } from '@temporalio/activity'
import type { ActivityInterceptors } from '@temporalio/worker'
import { undoRetries } from '../workflows/metrics.ts'

const undo: ReadonlySet<string> = new Set(['removeContainer', 'releaseName', 'removeOwned'])

export function countUndoRetries({ info, metricMeter }: Context): ActivityInterceptors {
  if (info.attempt > 1 && undo.has(info.activityType)) {
    metricMeter.createCounter(undoRetries, '1', 'Steps of taking back that were tried again.').add(1, { step: info.activityType })
  }
  return {}
}
