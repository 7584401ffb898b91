/** A member whose words get through in the end: what Temporal or Berth could not answer is asked again, as the CLI's user does. */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { type Client, WithStartWorkflowOperation, WorkflowFailedError } from '@temporalio/client'
import { TypedSearchAttributes } from '@temporalio/common'
import {
  accountId, attributes, coreQueue, extendUpdate, lendUpdate, mayResumeUpdate, pauseUpdate, releaseUpdate, statusQuery, type Extended,
} from '../../workflows/contract.ts'
import { refusalIn, type Refusal } from '../../workflows/refuse.ts'
import type { Ending, LeaseStatus, LendRequest, Receipt } from '../../workflows/terms.ts'
import { keyOf } from '../../client/gateway/accounts.ts'

export interface Lease extends Receipt {
  readonly member: string
}

export class RefusedHere extends Error {
  override name = 'RefusedHere'
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(`${refusal.kind}: ${refusal.sentence}`)
    this.refusal = refusal
  }
}

/** How long all tries of one word go on. */
const patienceMs = 240_000
const answerMs = 12_000

/** Tries until it is answered. The same request id while no answer came; a new one after "try later", for that was an answer. */
async function word<T>(client: Client, say: (requestId: string) => Promise<T>): Promise<T> {
  let requestId: string = randomUUID(), last: unknown
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline;) {
    try {
      return await client.withDeadline(Date.now() + answerMs, () => say(requestId))
    } catch (error) {
      last = error
      const refusal = refusalIn(error)
      if (refusal && refusal.kind !== 'tryLater') throw new RefusedHere(refusal)
      if (refusal) requestId = randomUUID()
      if (isGone(error)) throw error
      await pause(refusal ? 500 : 200)
    }
  }
  throw new Error('Nobody answered in time.', { cause: last })
}

/** Nothing is there under this id, or not any more. */
const isGone = (error: unknown): boolean => error instanceof Error && (error.name === 'WorkflowNotFoundError' || /already completed/.test(String(error.cause ?? '')))

export function lend(client: Client, member: string, wish: Partial<LendRequest> = {}): Promise<Lease> {
  return word(client, async (requestId) => {
    const request: LendRequest = { requestId, key: keyOf(member, requestId), image: 'web', ports: [], ...wish }
    const receipt = await client.workflow.executeUpdateWithStart(lendUpdate, {
      args: [request], updateId: requestId,
      startWorkflowOperation: new WithStartWorkflowOperation('account', {
        workflowId: accountId(member), taskQueue: coreQueue, args: [{ member }], workflowIdConflictPolicy: 'USE_EXISTING',
        typedSearchAttributes: new TypedSearchAttributes([{ key: attributes.owner, value: member }, { key: attributes.kind, value: 'account' }]),
      }),
    })
    return { ...receipt, member }
  })
}

const by = ({ member }: Lease) => ({ uid: member })

export const extend = (client: Client, lease: Lease, byMs: number): Promise<Extended> => word(client, (requestId) =>
  client.workflow.getHandle(lease.leaseId).executeUpdate(extendUpdate, { args: [{ key: lease.key, requestId, by: by(lease), byMs }], updateId: requestId }))

export const pauseLease = (client: Client, lease: Lease): Promise<unknown> => word(client, (requestId) =>
  client.workflow.getHandle(lease.leaseId).executeUpdate(pauseUpdate, { args: [{ key: lease.key, by: by(lease) }], updateId: requestId }))

export const resumeLease = (client: Client, lease: Lease): Promise<void> => word(client, (requestId) =>
  client.workflow.getHandle(accountId(lease.member)).executeUpdate(mayResumeUpdate, { args: [{ key: lease.key, by: by(lease) }], updateId: requestId }))

/** A lease that is not there any more counts as returned. */
export const returnLease = (client: Client, lease: Lease): Promise<void> => word(client, (requestId) =>
  client.workflow.getHandle(lease.leaseId).executeUpdate(releaseUpdate, { args: [{ key: lease.key, by: by(lease) }], updateId: requestId }))
  .catch((error: unknown) => { if (!isGone(error)) throw error })

export const statusOf = (client: Client, lease: Lease): Promise<LeaseStatus> => word(client, () => client.workflow.getHandle(lease.leaseId).query(statusQuery))

/** How it ended; `terminated` in the UI's way. */
export async function endingOf(client: Client, lease: Lease): Promise<Ending | 'terminated'> {
  let last: unknown
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await pause(500)) {
    try {
      return await client.withDeadline(Date.now() + 60_000, () => client.workflow.getHandle(lease.leaseId).result()) as Ending
    } catch (error) {
      if (error instanceof WorkflowFailedError) return 'terminated'
      last = error
    }
  }
  throw new Error(`${lease.leaseId} did not end in time.`, { cause: last })
}
