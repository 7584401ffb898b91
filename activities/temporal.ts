/**
 * What Temporal itself knows: the open leases that a ledger is rebuilt from. Uses the worker's own client, so it needs
 * a worker that has one (every worker of the SDK since 1.13 does).
 */
import { Context, cancellationSignal, heartbeat, log } from '@temporalio/activity'
import { attributes, keyOfLeaseId, statusQuery } from '../workflows/contract.ts'
import { rootMessage, unavailable } from '../workflows/refuse.ts'
import type { CoreSteps, OpenLease } from '../workflows/steps.ts'
import type { LeaseStatus } from '../workflows/terms.ts'
import { tellOf } from './temporal/told.ts'
import { isNotFound } from './temporal/words.ts'

export interface OpenLeasesOptions {
  /** How many leases are asked at once. */
  readonly atOnce?: number
  /** How long one lease may take to answer. */
  readonly answerMs?: number
}

type Found = Awaited<ReturnType<CoreSteps['openLeases']>>

/**
 * The step `openLeases`. A lease that does not answer is never taken for closed, nor does it hold up the others: its
 * history tells of its places. When that cannot be read either, the step fails as `Unavailable` and is tried again. One
 * that closes meanwhile is left out.
 */
export function createOpenLeases({ atOnce = 8, answerMs = 10_000 }: OpenLeasesOptions = {}): Pick<CoreSteps, 'openLeases'> {
  return {
    async openLeases(of, known): Promise<Found> {
      const links = 'member' in of ? linksOf(of.member) : undefined // beside the leases, for somebody may wait for both
      const knows = new Set(known), knownOpen: string[] = [], due: Record<string, number> = {}, ask: string[] = []
      try {
        for await (const { workflowId: id, typedSearchAttributes: said } of client().workflow.list({ query: queryOf(of) })) {
          heartbeat()
          const key = keyOfLeaseId(id), at = said.get(attributes.due)
          if (key === undefined) continue
          if (!knows.has(key)) ask.push(id)
          else {
            knownOpen.push(key)
            if (at) due[key] = at.getTime()
          }
        }
      } catch (error) {
        throw unavailable(`Temporal did not list the open leases: ${rootMessage(error)}`, error)
      }
      const leases: OpenLease[] = [], rest = ask.values()
      await Promise.all(Array.from({ length: atOnce }, async () => {
        for (const id of rest) {
          cancellationSignal().throwIfAborted()
          const lease = await leaseOf(id, answerMs)
          if (lease && belongs(of, lease)) leases.push(lease)
          heartbeat()
        }
      }))
      return { leases, knownOpen, due, ...(links && { links: await links }) }
    },
  }
}

const client = () => Context.current().client

/** Chat accounts that are linked to a member. An account that misses one is told by the link itself, so trouble is no failure. */
async function linksOf(member: string): Promise<string[]> {
  const links: string[] = []
  try {
    for await (const { workflowId, typedSearchAttributes: said } of client().workflow.list({ query: queryOf({ member }, 'link') })) {
      if (said.get(attributes.owner) === member) links.push(workflowId)
    }
  } catch (error) {
    log.warn('the links of a member were not listed', { member, error })
  }
  return links
}

/** Undefined when the lease is gone. */
async function leaseOf(id: string, answerMs: number): Promise<OpenLease | undefined> {
  const { workflow } = client()
  try {
    const status = await workflow.withDeadline(Date.now() + answerMs, () => workflow.getHandle(id).query(statusQuery))
    return status.phase === 'ended' ? undefined : brief(status)
  } catch (error) {
    if (isNotFound(error)) return undefined
    log.warn('a lease does not answer; its history is read', { leaseId: id, error })
    return await tellOf(id).catch((unread: unknown) => {
      if (isNotFound(unread)) return undefined
      throw unavailable(`${id} does not answer (${rootMessage(error)}), and its history cannot be read: ${rootMessage(unread)}`, unread)
    })
  }
}

/** A server on SQLite finds no value with a backslash: then what comes before it is asked for, and the answers are sifted. */
function queryOf(of: { readonly site: string } | { readonly member: string }, type: 'lease' | 'link' = 'lease'): string {
  const [attribute, value] = 'site' in of ? [attributes.site.name, of.site] : [attributes.owner.name, of.member]
  const open = `WorkflowType = '${type}' AND ExecutionStatus = 'Running'`
  const before = value.split('\\', 1)[0]!, quoted = `'${before.replaceAll("'", "\\'")}'`
  if (before === value) return `${open} AND ${attribute} = ${quoted}`
  return before === '' ? open : `${open} AND ${attribute} STARTS_WITH ${quoted}`
}

const belongs = (of: { readonly site: string } | { readonly member: string }, lease: OpenLease): boolean =>
  'site' in of ? lease.site === of.site : lease.member === of.member

/** Keeps a thousand of them far below what fits into one result. */
function brief(status: LeaseStatus): OpenLease {
  const { key, leaseId, member, name, label, image, spec, on, place, phase, queue, asked, besides, lasts } = status
  return {
    key, leaseId, member, name, label, image, cpu: spec.cpu, memory: spec.memory, ports: spec.ports.length,
    ...(spec.gpu !== undefined && { gpu: spec.gpu }), ...(on && { on }),
    site: place?.site ?? status.site, number: status.number ?? place?.number ?? 1, paused: phase === 'paused', asked,
    ...((phase === 'waiting' && !place || phase === 'paused' && queue) && { waiting: true }),
    ...(place && { host: place.host, hostPorts: place.hostPorts }), ...(besides && { besides }), ...(lasts && { lasts }),
  }
}

