/** What Temporal knows that the sweep compares with the world. Uses the worker's own client. */
import { Context, heartbeat } from '@temporalio/activity'
import { attributes, boardQuery, keyOfLeaseId, labelOf, statusQuery } from '../../workflows/contract.ts'
import { rootMessage, unavailable } from '../../workflows/refuse.ts'
import type { Claim, Known, Memory, Places, Said, SweepReport, Wanted } from '../../workflows/sweep/terms.ts'
import type { SweepSteps } from '../../workflows/sweep/steps.ts'
import { quoted } from './query.ts'

const answerMs = 5_000, atOnce = 8
/** Closed leases that are read for one member or one name at most. */
const mostRead = 5_000
const dayMs = 24 * 3_600_000

export function createSweepSteps(): Omit<SweepSteps, 'readSites'> {
  return { listClaims, askLeases, findClosed, listPlaces, recall }
}

const client = () => Context.current().client

async function listClaims(): Promise<readonly Claim[]> {
  const claims: Claim[] = []
  await told('list the open leases', async () => {
    for await (const { workflowId: leaseId, typedSearchAttributes: said, startTime } of client().workflow.list({ query: `WorkflowType = 'lease' AND ExecutionStatus = 'Running'` })) {
      heartbeat()
      const key = keyOfLeaseId(leaseId)
      if (key === undefined) continue
      const host = said.get(attributes.host), due = said.get(attributes.due), name = nameOf(leaseId)
      claims.push({
        key, leaseId, name, label: labelOf(name, key), member: said.get(attributes.owner) ?? '', phase: said.get(attributes.phase) ?? '',
        site: said.get(attributes.site) ?? '', startedAt: startTime.getTime(), ...(host !== undefined && { host }), ...(due !== undefined && { due: due.getTime() }),
      })
    }
  })
  return claims
}

const nameOf = (leaseId: string): string => /^lease:([^.]+)\./.exec(leaseId)?.[1] ?? ''

async function askLeases(leaseIds: readonly string[]): Promise<readonly (Said & { readonly key: string })[]> {
  return each(leaseIds, async (id) => {
    const { workflow } = client()
    const status = await workflow.withDeadline(Date.now() + answerMs, () => workflow.getHandle(id).query(statusQuery)).catch(() => undefined)
    if (!status) return []
    const { key, phase, host, readyAt, stuck, place, number } = status
    return [{
      key, phase, number: number ?? place?.number ?? 1, ...(host !== undefined && { host }), ...(readyAt !== undefined && { readyAt }), ...(stuck !== undefined && { stuck }),
    }]
  })
}

/** By member or by name, for no attribute holds a key. The last run of a lease tells; one that went on as new is open. */
async function findClosed(wanted: readonly Wanted[]): Promise<readonly Known[]> {
  const keys = new Set(wanted.map(({ key }) => key)), found = new Map<string, Known & { startedAt: number }>()
  const queries = new Set(wanted.map(({ member, name }) => member !== undefined && member !== ''
    ? `BerthOwner = ${quoted(member)}` : `WorkflowId STARTS_WITH ${quoted(`lease:${name ?? ''}.`)}`))
  await told('look up closed leases', async () => {
    for (const query of queries) {
      let read = 0
      for await (const { workflowId, status, startTime, closeTime } of client().workflow.list({ query: `WorkflowType = 'lease' AND ${query}` })) {
        heartbeat()
        if (++read > mostRead) break
        const key = keyOfLeaseId(workflowId)
        if (key === undefined || !keys.has(key)) continue
        const startedAt = startTime.getTime(), before = found.get(key)
        if (before?.open || (before && before.startedAt > startedAt)) continue
        const open = status.name === 'RUNNING'
        found.set(key, { key, open, startedAt, ...(closeTime && { closedAt: closeTime.getTime() }) })
      }
    }
  })
  return [...found.values()].map(({ startedAt: _, ...known }) => known)
}

async function listPlaces(): Promise<{ readonly sites: readonly Places[]; readonly silent: readonly string[] }> {
  const ids: string[] = [], silent: string[] = []
  await told('list the sites', async () => {
    for await (const { workflowId } of client().workflow.list({ query: `WorkflowType = 'site' AND ExecutionStatus = 'Running'` })) ids.push(workflowId)
  })
  const sites = await each(ids, async (id) => {
    const { workflow } = client()
    try {
      const board = await workflow.withDeadline(Date.now() + answerMs, () => workflow.getHandle(id).query(boardQuery))
      return [{ site: board.site, hosts: board.hosts.map(({ host, leases: keys, lastHeard: heard }) => ({ host, keys, heard })) }]
    } catch (error) {
      silent.push(`${id} did not tell its places: ${rootMessage(error)}`)
      return []
    }
  })
  return { sites, silent }
}

/** The result of the last sweep, which knows when a name was first seen unclaimed; and how old this namespace is. */
async function recall(): Promise<Memory> {
  return told('describe the namespace', async () => {
    const { workflowService, workflow, options } = client()
    const { namespaceInfo, config } = await workflowService.describeNamespace({ namespace: options.namespace })
    const since = Number(namespaceInfo?.data?.['berth.since'] ?? NaN), keptMs = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1_000
    let firstSeen: Memory['firstSeen'] = {}
    for await (const { workflowId, runId } of workflow.list({ query: `WorkflowType = 'sweep' AND ExecutionStatus = 'Completed'` })) {
      const report = await workflow.getHandle(workflowId, runId).result() as SweepReport
      firstSeen = report.firstSeen
      break
    }
    return { keptMs: keptMs > 0 ? keptMs : dayMs, firstSeen, ...(Number.isFinite(since) && { since }) }
  })
}

async function each<A, B>(all: readonly A[], ask: (one: A) => Promise<readonly B[]>): Promise<B[]> {
  const rest = all.values(), answers: B[] = []
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (const one of rest) {
      answers.push(...await ask(one))
      heartbeat()
    }
  }))
  return answers
}

async function told<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw unavailable(`Temporal did not ${what}: ${rootMessage(error)}`, error)
  }
}
