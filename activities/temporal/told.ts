/**
 * What the history of a lease tells of its places: for one that does not answer. What it asked for, was given and gave
 * back is in there word for word, whatever has become of its story.
 */
import { Context } from '@temporalio/activity'
import type { Payload } from '@temporalio/common'
import { type Free, type LeaseInput, type Placed, type PlaceRequest, freeSignal, placeSignal, placedSignal, siteId, unplaceableSignal } from '../../workflows/contract.ts'
import { type LeaseWord, retell } from '../../workflows/rules/retell.ts'
import type { OpenLease } from '../../workflows/steps.ts'
import { converters, unseal } from './sealed.ts'

/** Undefined when it is closed. */
export async function tellOf(leaseId: string): Promise<OpenLease | undefined> {
  const { events } = await Context.current().client.workflow.getHandle(leaseId).fetchHistory()
  const [begun, ...rest] = events ?? []
  const started = begun?.workflowExecutionStartedEventAttributes
  if (!started) throw new Error('its history has no beginning')
  const input = await first<LeaseInput>(started.input?.payloads), words: LeaseWord[] = []
  for (const event of rest) {
    const { workflowExecutionSignaledEventAttributes: heard, signalExternalWorkflowExecutionInitiatedEventAttributes: said } = event
    if (ends.some((how) => event[how])) return undefined
    const site = said?.workflowExecution?.workflowId
    if (site?.startsWith(siteId(''))) {
      const payloads = said?.input?.payloads
      if (said?.signalName === placeSignal.name) words.push({ is: 'asked', site: site.slice(siteId('').length), number: (await first<PlaceRequest>(payloads)).number })
      if (said?.signalName === freeSignal.name) words.push({ is: 'freed', ...await first<Free>(payloads) })
    }
    const payloads = heard?.input?.payloads
    if (heard?.signalName === placedSignal.name) words.push({ is: 'placed', place: (await first<Placed>(payloads)).place })
    if (heard?.signalName === unplaceableSignal.name) words.push({ is: 'unplaceable', number: (await first<{ number: number }>(payloads)).number })
  }
  return retell(input, words)
}

const ends = [
  'workflowExecutionCompletedEventAttributes', 'workflowExecutionFailedEventAttributes', 'workflowExecutionTerminatedEventAttributes',
  'workflowExecutionCanceledEventAttributes', 'workflowExecutionTimedOutEventAttributes',
] as const

async function first<T>(payloads: Payload[] | null | undefined): Promise<T> {
  const [sealed] = payloads ?? []
  if (!sealed) throw new Error('a word in its history is empty')
  return converters().payloadConverter.fromPayload<T>(await unseal(sealed))
}
