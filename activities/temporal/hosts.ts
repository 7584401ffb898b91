/** What the memo of a site has kept of its hosts: it outlives a termination. Uses the worker's own client. */
import { Context, heartbeat } from '@temporalio/activity'
import { type KeptHosts, hostsMemo, siteId } from '../../workflows/contract.ts'
import { rootMessage, unavailable } from '../../workflows/refuse.ts'
import { nothingKept } from '../../workflows/rules/drain.ts'
import type { CoreSteps } from '../../workflows/steps.ts'
import { quoted } from './query.ts'

export function createHostMemory(): Pick<CoreSteps, 'recallHosts'> {
  return {
    async recallHosts(site) {
      const { client: { workflow }, info } = Context.current(), own = info.workflowExecution?.runId
      try {
        const runs: { readonly runId: string; readonly startTime: Date; readonly memo?: Record<string, unknown> }[] = []
        for await (const run of workflow.list({ query: `WorkflowType = 'site' AND WorkflowId = ${quoted(siteId(site))}` })) {
          heartbeat()
          if (run.runId !== own) runs.push(run)
        }
        // The list lags; what the newest of them has kept last is known to Temporal itself.
        const [newest, ...older] = runs.sort((a, b) => b.startTime.getTime() - a.startTime.getTime())
        if (!newest) return nothingKept
        const { memo } = await workflow.getHandle(siteId(site), newest.runId).describe()
        // A run that was terminated before it had anything to keep knows nothing.
        return [memo, ...older.map((run) => run.memo)].map((kept) => kept?.[hostsMemo] as KeptHosts | undefined).find((kept) => kept) ?? nothingKept
      } catch (error) {
        throw unavailable(`Temporal did not tell what ${site} knew of its hosts: ${rootMessage(error)}`, error)
      }
    },
  }
}
