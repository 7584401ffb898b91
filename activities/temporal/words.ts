/** Words to leases, by signal through the worker's own client: finds a lease's id, and never fails a watch. */
import { Context, log } from '@temporalio/activity'
import { type SeenWord, attributes, keyOfLeaseId, seenSignal, statusQuery } from '../../workflows/contract.ts'
import type { LeaseStatus } from '../../workflows/terms.ts'

/** How long Temporal may take for one word. */
const answerMs = 10_000

export type Told = 'told' | 'closed' | 'failed'

export interface Words {
  /** Ids, by key, of the leases that are ready on this host, as Temporal lists them; the list lags a little. */
  readyLeases(host: string): Promise<Map<string, string>>
  /** `closed`: there is no such lease any more. */
  say(leaseId: string, word: SeenWord): Promise<Told>
  /** Undefined when it is closed or does not answer. */
  status(leaseId: string): Promise<LeaseStatus | undefined>
}

/** Works inside an activity. */
export const leaseWords: Words = {
  async readyLeases(host) {
    const query = `WorkflowType = 'lease' AND ExecutionStatus = 'Running' AND ${attributes.host.name} = '${host.replace(/['\\]/g, '\\$&')}' AND ${attributes.phase.name} = 'ready'`
    const found = new Map<string, string>()
    for await (const { workflowId } of client().list({ query })) {
      const key = keyOfLeaseId(workflowId)
      if (key !== undefined) found.set(key, workflowId)
    }
    return found
  },

  async say(leaseId, word) {
    try {
      await client().withDeadline(Date.now() + answerMs, () => client().getHandle(leaseId).signal(seenSignal, word))
      return 'told'
    } catch (error) {
      if (isNotFound(error)) return 'closed'
      log.warn('a lease could not be told', { leaseId, what: word.what, error })
      return 'failed'
    }
  },

  async status(leaseId) {
    try {
      return await client().withDeadline(Date.now() + answerMs, () => client().getHandle(leaseId).query(statusQuery))
    } catch (error) {
      if (!isNotFound(error)) log.warn('a lease does not answer', { leaseId, error })
      return undefined
    }
  },
}

const client = () => Context.current().client.workflow

/** There is no such workflow, or it is closed. */
export const isNotFound = (error: unknown): boolean => error instanceof Error && error.name === 'WorkflowNotFoundError'
