/** Role `core`: the stories, and the steps that need directory, nameserver and Temporal itself. */
import { Worker } from '@temporalio/worker'
import { coreQueue } from '../workflows/contract.ts'
import type { CoreSteps } from '../workflows/steps.ts'
import { workflowBundle } from './bundle.ts'
import { dataConverter } from './keys/converter.ts'
import { type RunningRole, type WorkerContext, shutdownGrace } from './role.ts'
import { type SweepSettings, keepSweeping } from './schedules.ts'
import { interceptorsOf } from './interceptors.ts'

export interface CoreOptions {
  readonly steps: CoreSteps
  /** Tests keep few stories in memory, so that replay is exercised. */
  readonly maxCachedWorkflows?: number
  /** How long a story waits for a worker that died with it in its cache; default 10 s. */
  readonly stickyMs?: number
  /** Absent: nothing is swept by schedule. */
  readonly sweep?: SweepSettings
}

export async function startCore(context: WorkerContext, { steps, maxCachedWorkflows, stickyMs, sweep }: CoreOptions): Promise<RunningRole> {
  const worker = await Worker.create({
    connection: context.connection,
    namespace: context.namespace,
    taskQueue: coreQueue,
    workflowBundle: await workflowBundle({ traced: context.traces !== undefined }),
    activities: steps,
    dataConverter: dataConverter(context.payloads),
    shutdownGraceTime: shutdownGrace,
    interceptors: interceptorsOf(context),
    ...(context.traces && { sinks: context.traces.sinks }),
    ...(maxCachedWorkflows !== undefined && { maxCachedWorkflows }),
    ...(stickyMs !== undefined && { stickyQueueScheduleToStartTimeout: stickyMs }),
  })
  if (sweep) await keepSweeping(context, sweep)
  return runWorker(worker)
}

export function runWorker(worker: Worker): RunningRole {
  const done = worker.run()
  done.catch(() => undefined) // whoever awaits `done` hears of it
  return {
    done,
    async stop() {
      if (worker.getState() === 'RUNNING') worker.shutdown()
      await done
    },
  }
}
