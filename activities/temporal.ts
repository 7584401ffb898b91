/**
 * What Temporal itself knows: the open leases that a ledger is rebuilt from. Uses the worker's own client, so it needs
 * a worker that has one (every worker of the SDK since 1.13 does).
 */
import { Context, cancellationSignal, heartbeat } from '@temporalio/activity'
import { attributes, keyOfLeaseId, statusQuery } from '../workflows/contract.ts'
import { rootMessage, unavailable } from '../workflows/refuse.ts'
import type { CoreSteps, OpenLease } from '../workflows/steps.ts'
import type { LeaseStatus } from '../workflows/terms.ts'

export interface OpenLeasesOptions {
  /** How many leases are asked at once. */
  readonly atOnce?: number
  /** How long one lease may take to answer. */
  readonly answerMs?: number
}

type Found = Awaited<ReturnType<CoreSteps['openLeases']>>

/**
 * The step `openLeases`. A lease that does not answer is never taken for closed: the step fails as `Unavailable` and is
 * tried again. One that closes meanwhile is left out.
 */
export function createOpenLeases({ atOnce = 8, answerMs = 10_000 }: OpenLeasesOptions = {}): Pick<CoreSteps, 'openLeases'> {
  return {
    async openLeases(of, known): Promise<Found> {
      const knows = new Set(known), knownOpen: string[] = [], ask: string[] = []
      try {
        for await (const { workflowId: id } of client().workflow.list({ query: queryOf(of) })) {
          heartbeat()
          const key = keyOfLeaseId(id)
          if (key === undefined) continue
          if (knows.has(key)) knownOpen.push(key)
          else ask.push(id)
        }
      } catch (error) {
        throw unavailable(`Temporal did not list the open leases: ${rootMessage(error)}`, error)
      }
      const leases: OpenLease[] = [], rest = ask.values()
      await Promise.all(Array.from({ length: atOnce }, async () => {
        for (const id of rest) {
          cancellationSignal().throwIfAborted()
          const status = await statusOf(id, answerMs)
          const lease = status && status.phase !== 'ended' && brief(status)
          if (lease && belongs(of, lease)) leases.push(lease)
          heartbeat()
        }
      }))
      return { leases, knownOpen }
    },
  }
}

const client = () => Context.current().client

/** Undefined when the lease is gone. */
async function statusOf(id: string, answerMs: number): Promise<LeaseStatus | undefined> {
  const { workflow } = client()
  try {
    return await workflow.withDeadline(Date.now() + answerMs, () => workflow.getHandle(id).query(statusQuery))
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') return undefined
    throw unavailable(`${id} does not answer: ${rootMessage(error)}`, error)
  }
}

/** A server on SQLite finds no value with a backslash: then what comes before it is asked for, and the answers are sifted. */
function queryOf(of: { readonly site: string } | { readonly member: string }): string {
  const [attribute, value] = 'site' in of ? [attributes.site.name, of.site] : [attributes.owner.name, of.member]
  const open = `WorkflowType = 'lease' AND ExecutionStatus = 'Running'`
  const before = value.split('\\', 1)[0]!, quoted = `'${before.replaceAll("'", "\\'")}'`
  if (before === value) return `${open} AND ${attribute} = ${quoted}`
  return before === '' ? open : `${open} AND ${attribute} STARTS_WITH ${quoted}`
}

const belongs = (of: { readonly site: string } | { readonly member: string }, lease: OpenLease): boolean =>
  'site' in of ? lease.site === of.site : lease.member === of.member

/** Keeps a thousand of them far below what fits into one result. */
function brief(status: LeaseStatus): OpenLease {
  const { key, leaseId, member, name, label, image, spec, place, phase, queue, asked } = status
  return {
    key, leaseId, member, name, label, image, cpu: spec.cpu, memory: spec.memory, ports: spec.ports.length,
    site: place?.site ?? status.site, number: status.number ?? place?.number ?? 1, paused: phase === 'paused', asked,
    ...((phase === 'waiting' && !place || phase === 'paused' && queue) && { waiting: true }),
    ...(place && { host: place.host, hostPorts: place.hostPorts }),
  }
}

