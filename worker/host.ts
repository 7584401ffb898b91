/** Role `host`: one engine's worker. It says what it offers again and again, so that the site knows who is alive. */
import { randomUUID } from 'node:crypto'
import { Client } from '@temporalio/client'
import { TypedSearchAttributes } from '@temporalio/common'
import { Worker } from '@temporalio/worker'
import { attributes, coreQueue, hostQueue, hostUpSignal, siteId } from '../workflows/contract.ts'
import type { HostSteps } from '../workflows/steps.ts'
import type { HostOffer } from '../workflows/terms.ts'
import { runWorker } from './core.ts'
import { dataConverter } from './keys/converter.ts'
import { type RoleContext, type RunningRole, shutdownGrace } from './role.ts'

export interface HostOptions {
  readonly steps: HostSteps
  readonly offer: Omit<HostOffer, 'boot'>
  /** Between two words; a third of the time after which the site calls it silent. */
  readonly sayEveryMs?: number
  readonly maxConcurrentActivities?: number
}

export async function startHost(context: RoleContext, options: HostOptions): Promise<RunningRole> {
  const { steps, sayEveryMs = 60_000, maxConcurrentActivities = 20 } = options
  const offer: HostOffer = { ...options.offer, boot: randomUUID() }
  const worker = await Worker.create({
    connection: context.connection,
    namespace: context.namespace,
    taskQueue: hostQueue(offer.host),
    activities: steps,
    dataConverter: dataConverter(context.payloads),
    shutdownGraceTime: shutdownGrace,
    maxConcurrentActivityTaskExecutions: maxConcurrentActivities,
    activityTaskPollerBehavior: { type: 'autoscaling', minimum: 1, initial: 2, maximum: 5 },
  })
  const running = runWorker(worker)
  const client = new Client({ connection: context.connection, namespace: context.namespace, dataConverter: dataConverter(context.payloads) })
  await sayHostUp(client, offer)
  const timer = setInterval(() => {
    sayHostUp(client, offer).catch((error: unknown) => console.error(JSON.stringify({ level: 'warn', host: offer.host, message: 'the site could not be told', error: String(error) })))
  }, sayEveryMs)
  return {
    done: running.done,
    async stop() {
      clearInterval(timer)
      await running.stop()
    },
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
