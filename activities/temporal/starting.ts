/** What the start of a lease's container is at, as its own heartbeat tells. */
import { Context } from '@temporalio/activity'
import type { HostSteps } from '../../workflows/steps.ts'
import { converters, unseal } from './sealed.ts'
import { isNotFound } from './words.ts'

const step: keyof HostSteps = 'startContainer'

/** `undefined` when nothing is being started; the detail is absent while it has not told any. */
export async function startingOf(leaseId: string): Promise<{ readonly detail?: string } | undefined> {
  const { client } = Context.current()
  const described = await client.workflow.getHandle(leaseId).describe().catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
  const pending = described?.raw.pendingActivities?.find(({ activityType }) => activityType?.name === step)
  if (!pending) return undefined
  const sealed = pending.heartbeatDetails?.payloads?.[0]
  if (!sealed) return {}
  const detail: unknown = converters().payloadConverter.fromPayload(await unseal(sealed))
  return typeof detail === 'string' && detail !== '' ? { detail } : {}
}
