/** How many accounts lose their rights just now: for the brake on mass loss. */
import { Context } from '@temporalio/activity'
import { rootMessage, unavailable } from '../../workflows/refuse.ts'
import type { BrakeSteps } from '../../workflows/sweep/steps.ts'

const accounts = `WorkflowType = 'account' AND ExecutionStatus = 'Running'`

export function createBrakeSteps(): BrakeSteps {
  return {
    async countLosing() {
      const { workflow } = Context.current().client
      try {
        const [losing, all] = await Promise.all([workflow.count(`${accounts} AND BerthPhase = 'losing'`), workflow.count(accounts)])
        return { losing: losing.count, of: all.count }
      } catch (error) {
        throw unavailable(`Temporal did not count the accounts: ${rootMessage(error)}`, error)
      }
    },
  }
}
