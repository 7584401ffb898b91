/**
 * Tries at once what a lease waits to try again, by Temporal's own reset of an activity: the story does not notice. A try
 * that is under way is left alone.
 */
import { Context } from '@temporalio/activity'
// A CommonJS package whose exports Node cannot name.
import proto from '@temporalio/proto'
import type { WaitingStep } from '../../workflows/contract.ts'
import { rootMessage, unavailable } from '../../workflows/refuse.ts'
import type { CoreSteps } from '../../workflows/steps.ts'
import { converters, unseal } from './sealed.ts'

const { PENDING_ACTIVITY_STATE_STARTED: started, PENDING_ACTIVITY_STATE_PAUSED: paused } = proto.temporal.api.enums.v1.PendingActivityState
type Pending = proto.temporal.api.workflow.v1.IPendingActivityInfo

export function createRetrySteps(): Pick<CoreSteps, 'retryNow'> {
  return {
    async retryNow(leaseId) {
      const { client, info: { activityId: own } } = Context.current()
      try {
        const { runId, raw } = await client.workflow.getHandle(leaseId).describe()
        const others = (raw.pendingActivities ?? []).filter(({ activityId }) => activityId !== own)
        return await Promise.all(others.map((one) => retry(one, { workflowId: leaseId, runId })))
      } catch (error) {
        throw unavailable(`Temporal did not try ${leaseId} again: ${rootMessage(error)}`, error)
      }
    },
  }
}

async function retry(one: Pending, execution: { workflowId: string; runId: string }): Promise<WaitingStep> {
  // Only of one that waits for its next try does Temporal say when that is; an admin may also have paused it by hand.
  const waits = Boolean(one.nextAttemptScheduleTime) || one.state === paused
  if (waits) await reset(one.activityId ?? '', execution)
  const why = await lastSaid(one)
  return {
    step: one.activityType?.name ?? '', is: waits ? 'retried' : one.state === started ? 'running' : 'queued',
    failed: Math.max(0, (one.attempt ?? 1) - 1), ...(why !== undefined && { why }),
  }
}

/** One that is done meanwhile has no need of it. */
async function reset(id: string, execution: { workflowId: string; runId: string }): Promise<void> {
  const { client } = Context.current()
  await client.workflowService.resetActivity({ namespace: client.options.namespace, execution, id, identity: client.options.identity })
    .catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== notFound) throw error
    })
}

/** gRPC's NOT_FOUND. */
const notFound = 5

/** What its last try failed with. Only the outermost failure is opened: its message is a whole sentence. */
async function lastSaid({ lastFailure }: Pending): Promise<string | undefined> {
  if (!lastFailure) return undefined
  const { payloadConverter, failureConverter } = converters(), { encodedAttributes: sealed } = lastFailure
  const encodedAttributes = sealed ? await unseal(sealed) : null
  return failureConverter.failureToError({ ...lastFailure, encodedAttributes, cause: null }, payloadConverter).message
}
