/** Billable actions in a piece of history, by the table of Temporal Cloud. Pure. */
import type { temporal } from '@temporalio/proto'

type Event = temporal.api.history.v1.IHistoryEvent

/** What a local activity leaves in a history (Temporal's SDK core). */
export const localMarker = 'core_local_activity'

/**
 * | event | actions |
 * |---|---|
 * | start (not a child's: its parent pays), signal received, timer, accepted update, upsert, continue-as-new | 1 each |
 * | child started | 2 |
 * | activity | 1 per attempt |
 * | local activities | 1 per workflow task that runs any: here each of them, which is never less |
 *
 * A signal is counted where it arrives. Queries, rejected updates and heartbeats are no events: what sends them says so.
 */
export function actionsOf(events: readonly Event[]): number {
  return events.reduce((sum, event) => sum + priceOf(event), 0)
}

function priceOf(event: Event): number {
  if (event.activityTaskStartedEventAttributes) return event.activityTaskStartedEventAttributes.attempt ?? 1
  if (event.childWorkflowExecutionStartedEventAttributes) return 2
  const started = event.workflowExecutionStartedEventAttributes
  if (started) return started.parentWorkflowExecution || started.continuedExecutionRunId ? 0 : 1
  return event.markerRecordedEventAttributes?.markerName === localMarker || event.workflowExecutionSignaledEventAttributes || event.timerStartedEventAttributes
    || event.workflowExecutionUpdateAcceptedEventAttributes || event.upsertWorkflowSearchAttributesEventAttributes
    || event.workflowExecutionContinuedAsNewEventAttributes ? 1 : 0
}
