/** Role `host`: one engine's worker. It says what it offers again and again, so that the site knows who is alive. */
import { randomUUID } from 'node:crypto'
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client'
import { TypedSearchAttributes } from '@temporalio/common'
import { Worker } from '@temporalio/worker'
import { type WatchClocks, attributes, coreQueue, hostQueue, hostUpSignal, siteId, watchId } from '../workflows/contract.ts'
import type { Watch } from '../activities/steps/watch.ts'
import type { HostSteps } from '../workflows/steps.ts'
import type { HostOffer } from '../workflows/terms.ts'
import { clientOf } from './client.ts'
import { runWorker } from './core.ts'
import { dataConverter } from './keys/converter.ts'
import { say } from './log.ts'
import { type RunningRole, type WorkerContext, shutdownGrace } from './role.ts'
import { interceptorsOf } from './interceptors.ts'

export interface HostOptions {
  readonly steps: HostSteps
  readonly offer: Omit<HostOffer, 'boot'>
  /** What may change of it while the role runs: asked with each word. */
  readonly now?: () => Promise<Partial<HostOffer>>
  /** Between two words; a third of the time after which the site calls it silent. */
  readonly sayEveryMs?: number
  readonly maxConcurrentActivities?: number
  /** Absent: nobody watches this host. */
  readonly watch?: Watch
  readonly watchClocks?: Partial<WatchClocks>
  /** Fails while the engine does not answer: then the host does not say that it is up, for it can lend nothing. */
  readonly check?: () => Promise<unknown>
}

export async function startHost(context: WorkerContext, options: HostOptions): Promise<RunningRole> {
  const { steps, watch, sayEveryMs = 60_000, maxConcurrentActivities = 20 } = options
  const offer: HostOffer = { ...options.offer, boot: randomUUID() }, { host, site } = offer
  const worker = await Worker.create({
    connection: context.connection,
    namespace: context.namespace,
    taskQueue: hostQueue(host),
    activities: { ...steps, ...watch?.steps },
    interceptors: interceptorsOf(context),
    dataConverter: dataConverter(context.payloads),
    shutdownGraceTime: shutdownGrace,
    maxConcurrentActivityTaskExecutions: maxConcurrentActivities,
    activityTaskPollerBehavior: { type: 'autoscaling', minimum: 1, initial: 2, maximum: 5 },
  })
  const running = runWorker(worker)
  const client = clientOf(context)
  const sayUp = async (first: boolean) => {
    if (watch) await startWatch(client, { host, site, first, clocks: options.watchClocks })
    await options.check?.()
    await sayHostUp(client, { ...offer, ...await options.now?.() })
  }
  await sayUp(true)
  const timer = setInterval(() => {
    sayUp(false).catch((error: unknown) => say('warn', 'the site could not be told', { host, error }))
  }, sayEveryMs)
  return {
    done: running.done,
    async stop() {
      clearInterval(timer)
      const stopped = running.stop() // first no more tasks, then the end of the one that lasts
      watch?.close()
      await stopped
    },
  }
}

/**
 * The watch of this host, when it is not there. A role that starts begins one in any case; later one that an admin
 * stopped in good order (`stop`) stays stopped, and one that was terminated is begun again.
 */
async function startWatch(client: Client, { host, site, first, clocks }: {
  readonly host: string
  readonly site: string
  readonly first: boolean
  readonly clocks: Partial<WatchClocks> | undefined
}): Promise<void> {
  try {
    await client.workflow.start('watch', {
      workflowId: watchId(host),
      taskQueue: coreQueue,
      args: [{ host, site, ...(clocks && { clocks }) }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: first ? 'ALLOW_DUPLICATE' : 'ALLOW_DUPLICATE_FAILED_ONLY',
      staticSummary: `Watch of ${host}`,
      staticDetails: `Holds the activity that watches the containers of ${host}; it tells the leases what it sees.`,
      typedSearchAttributes: new TypedSearchAttributes([
        { key: attributes.kind, value: 'watch' }, { key: attributes.site, value: site }, { key: attributes.host, value: host },
      ]),
    })
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
  }
}

/** Starts the site's ledger when it is not there: a site is configuration, not a step by hand. */
export async function sayHostUp(client: Client, offer: HostOffer): Promise<void> {
  await client.workflow.signalWithStart('site', {
    workflowId: siteId(offer.site),
    taskQueue: coreQueue,
    args: [{ site: offer.site }],
    signal: hostUpSignal,
    signalArgs: [offer],
    staticSummary: `Ledger of ${offer.site}`,
    staticDetails: `Hosts, capacity, host ports and the waiting line of the site ${offer.site}.`,
    typedSearchAttributes: new TypedSearchAttributes([
      { key: attributes.kind, value: 'site' }, { key: attributes.site, value: offer.site },
    ]),
  })
}
