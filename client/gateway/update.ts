/** An update of a lease or its account, once for every delivery of one request; patient with a lease that has not begun yet. */
import type { UpdateDefinition } from '@temporalio/common'
import type { Temporal } from '../ask.ts'
import type { FoundLease } from '../commands/door.ts'
import { beginsWithinMs } from './events.ts'
import { isGone } from './failures.ts'

export interface Updating {
  readonly temporal: Temporal
  readonly requestId: string
  readonly updateMs: number
}

export interface Update<R, A> {
  readonly def: UpdateDefinition<R, [A]>
  readonly arg: A
  /** Of the workflow, when it is not the lease's own. */
  readonly id?: string | undefined
  /** The refusal when it is there no more. */
  readonly over: () => Error
}

export async function update<R, A>(
  { temporal, requestId, updateMs }: Updating, lease: FoundLease, { def, arg, id = lease.leaseId, over }: Update<R, A>,
): Promise<R> {
  const begunBy = (lease.since ?? 0) + beginsWithinMs
  for (;;) {
    try {
      return await temporal.withDeadline(Date.now() + updateMs, () =>
        temporal.workflow.getHandle(id).executeUpdate(def, { args: [arg], updateId: `${def.name}-${requestId}` }))
    } catch (error) {
      if (!isGone(error)) throw error
      if (Date.now() > begunBy) throw over()
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
