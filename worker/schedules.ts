/** Schedules of role core: made, and brought up to date, each time it starts. */
import { isDeepStrictEqual } from 'node:util'
import { ScheduleAlreadyRunning, type ScheduleDescription, type ScheduleOptions, ScheduleOverlapPolicy } from '@temporalio/client'
import { TypedSearchAttributes } from '@temporalio/common'
import { attributes, coreQueue, sweepId } from '../workflows/contract.ts'
import { type SweepInput, type SweepMode, usualYoungMs } from '../workflows/sweep/terms.ts'
import { clientOf } from './client.ts'
import type { RoleContext } from './role.ts'

export interface SweepSettings {
  /** `report` removes nothing; the first weeks of an instance are well spent in it. */
  readonly mode: SweepMode
  /** Between two sweeps. */
  readonly everyMs: number
  /** Younger things are left alone. Longer than any start takes. */
  readonly youngMs: number
}

const minute = 60_000
export const defaultSweep: SweepSettings = { mode: 'report', everyMs: 10 * minute, youngMs: usualYoungMs }

/**
 * Idempotent: any number of core roles may do it at once. What an admin did in the UI (paused it, say) stays. One that is
 * still under way is not overlapped, missed ones are not made up for, and the starts of many namespaces spread.
 */
export async function keepSweeping(context: RoleContext, { mode, everyMs, youngMs }: SweepSettings = defaultSweep): Promise<void> {
  const { schedule } = clientOf(context)
  // A stopped sweep waits for an admin's word until shortly before the next one looks anew.
  const input: SweepInput = { mode, youngMs, waitMs: Math.round(everyMs * 0.8) }
  const spec = { intervals: [{ every: everyMs }], jitter: Math.min(minute, Math.round(everyMs / 10)) }
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: 2 * minute }
  const action = {
    type: 'startWorkflow' as const, workflowType: 'sweep', workflowId: sweepId, taskQueue: coreQueue, args: [input] as unknown[],
    staticSummary: `Compares what exists with what is lent (${mode})`,
    staticDetails: 'Looks at all that bears this instance\'s mark: containers, networks, volumes, names, places, and at the open leases. In enforce mode it removes what is left over, behind a brake.',
    typedSearchAttributes: new TypedSearchAttributes([{ key: attributes.kind, value: 'sweep' }]),
  }
  try {
    await schedule.create({ scheduleId: sweepId, spec, policies, action })
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error
    const handle = schedule.getHandle(sweepId)
    const now = await handle.describe()
    // The server applies a pause before an update that reaches it in the same moment, and so loses the pause: no update without a change.
    if (isDeepStrictEqual(settled(now), settled({ spec, policies, action }))) return
    await handle.update((before) => ({ spec, policies: { ...before.policies, ...policies }, action, state: before.state }))
  }
}

/** What a schedule does, without what the server adds to it. */
function settled({ spec, policies, action }: Pick<ScheduleOptions, 'spec' | 'policies' | 'action'> | ScheduleDescription) {
  return {
    every: spec.intervals?.map(({ every }) => every), jitter: spec.jitter, overlap: policies?.overlap, catchup: policies?.catchupWindow,
    type: action.workflowType, queue: action.taskQueue, args: action.args, summary: action.staticSummary, details: action.staticDetails,
  }
}
