/** Sweeps that an admin asks for, and what the board tells of the last one and of accounts that lose their rights. */
import { coreQueue, deskQuery, revokeSignal, sweepByHandId, sweepQuery } from '../../workflows/contract.ts'
import { type SweepInput, type SweepReport, usualYoungMs } from '../../workflows/sweep/terms.ts'
import { ask, type Temporal } from '../ask.ts'
import type { AdminDoor } from '../commands/door.ts'
import { stop } from '../refused.ts'
import { isGone } from './failures.ts'
import type { GatewayOptions } from './options.ts'

interface Needs {
  readonly temporal: Temporal
  readonly options: Pick<GatewayOptions, 'queryMs' | 'updateMs'>
  readonly requestId: string
  readonly prove: () => Promise<string>
}

/** The CLI waits 30 s for an answer; a host that is silent may hold a sweep up for longer. */
const sweepMs = 25_000
const mostLosing = 50

export function createSweepDoor({ temporal, options, requestId, prove }: Needs): Pick<AdminDoor, 'sweep' | 'lastSweep' | 'losing' | 'end'> {
  return {
    sweep: async ({ enforce, yesRemove }) => {
      const by = await prove()
      const input: SweepInput = { mode: enforce ? 'enforce' : 'report', youngMs: usualYoungMs, by, ...(yesRemove !== undefined && { yesRemove }) }
      const handle = await temporal.workflow.start('sweep', {
        workflowId: sweepByHandId(requestId), taskQueue: coreQueue, args: [input], workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'REJECT_DUPLICATE', staticSummary: `Sweep asked for by ${by} (${input.mode})`.slice(0, 200),
      }).catch((error: unknown) => {
        if (error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError') return temporal.workflow.getHandle(sweepByHandId(requestId))
        throw error
      })
      return temporal.withDeadline(Date.now() + sweepMs, () => handle.result() as Promise<SweepReport>).catch((error: unknown) => {
        if (error instanceof Error && error.name === 'ServiceError') throw stop('tryLater', 'The sweep is still under way; see its end with: berth admin board')
        throw error
      })
    },
    lastSweep: async () => {
      await prove()
      for await (const { workflowId } of temporal.workflow.list({ query: 'WorkflowType = "sweep"' })) {
        const report = await ask(temporal, { id: workflowId, of: sweepQuery, withinMs: options.queryMs }).catch(() => undefined)
        if (report) return report
      }
      return undefined
    },
    losing: async () => {
      await prove()
      const ids: string[] = []
      for await (const { workflowId } of temporal.workflow.list({ query: 'WorkflowType = "account" AND ExecutionStatus = "Running" AND BerthPhase = "losing"' })) {
        if (ids.push(workflowId) >= mostLosing) break
      }
      const desks = await Promise.allSettled(ids.map((id) => ask(temporal, { id, of: deskQuery, withinMs: options.queryMs })))
      return desks.flatMap((desk) => desk.status === 'fulfilled' && desk.value.losing
        ? [{ member: desk.value.member, ...desk.value.losing }] : [])
    },
    end: async (lease, reason) => {
      const by = await prove()
      await temporal.withDeadline(Date.now() + options.updateMs, () =>
        temporal.workflow.getHandle(lease.leaseId).signal(revokeSignal, { key: lease.key, by, reason })).catch((error: unknown) => {
        throw isGone(error) ? stop('over', `${lease.name} is over already.`) : error
      })
    },
  }
}
