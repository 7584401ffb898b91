/** What every worker of a role runs its steps under. */
import type { WorkerInterceptors } from '@temporalio/worker'
import type { RoleContext } from './role.ts'
import { countUndoRetries } from './undoRetries.ts'

export const interceptorsOf = ({ traces }: RoleContext): WorkerInterceptors => ({
  activity: traces ? [countUndoRetries, traces.activity] : [countUndoRetries],
  ...(traces && { client: traces.client }),
})
