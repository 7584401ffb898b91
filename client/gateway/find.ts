/** Which lease is meant: by name, label or key, among one's own, and for an admin among everybody's. */
import type { WorkflowExecutionInfo } from '@temporalio/client'
import { keyOfLeaseId, labelOf, leaseId, statusQuery } from '../../workflows/contract.ts'
import type { Desk } from '../../workflows/terms.ts'
import { ask, type Temporal } from '../ask.ts'
import type { FoundLease } from '../commands/door.ts'
import { quote } from '../commands/values.ts'
import { stop } from '../refused.ts'

/** Open ones first; among those that are over, the one that ended last. */
export function findOwn(desk: Desk, which: string): FoundLease | undefined {
  const held = desk.leases.find((one) => [one.key, one.label, one.name].includes(which))
  if (held) return { key: held.key, leaseId: held.leaseId, member: desk.member, name: held.name, since: held.since }
  const ending = desk.endings.filter((one) => [one.key, one.name, labelOf(one.name, one.key)].includes(which))
    .sort((a, b) => b.at - a.at)[0]
  return ending && { key: ending.key, leaseId: leaseId(ending), member: ending.member, name: ending.name, ending }
}

/**
 * What a member is told of a lease that is not his or hers: the same as of one that does not exist. "It is not yours"
 * would tell that the name is in use.
 */
export const notFound = (which: string) => stop('notFound', `You have no lease ${quote(which)}; berth list shows what you have.`)

/** How many workflows an admin's search reads at most; a key cannot be searched for by its beginning. */
const mostRead = 20_000

/** Throws `notFound`, or a refusal that lists the keys when several are meant. */
export async function findAnybodys(temporal: Temporal, which: string, withinMs: number): Promise<FoundLease> {
  // Only such words go into a query of the visibility store.
  if (!/^[a-z0-9-]{1,63}$/.test(which)) throw missing(which)
  for (const state of ['=', '!='] as const) {
    const ids = new Set<string>()
    const name = which.replace(/-[a-z0-9]{6}$/, '')
    const queries = [`WorkflowId STARTS_WITH "lease:${which}."`, ...name === which ? [] : [`WorkflowId STARTS_WITH "lease:${name}."`]]
    for (const query of queries) {
      for await (const { workflowId } of listed(temporal, `${query} AND ExecutionStatus ${state} "Running"`)) {
        const key = keyOfLeaseId(workflowId) ?? ''
        if (query === queries[0] || labelOf(name, key) === which) ids.add(workflowId)
      }
    }
    if (ids.size === 0 && /^[a-z0-9]{20}$/.test(which)) {
      for await (const { workflowId } of listed(temporal, `BerthKind = "lease" AND ExecutionStatus ${state} "Running"`)) {
        if (keyOfLeaseId(workflowId) === which) ids.add(workflowId)
      }
    }
    const [only, ...others] = ids
    if (only !== undefined && others.length === 0) return foundBy(temporal, only, withinMs)
    if (only !== undefined) {
      const keys = [...ids].slice(0, 8).map(keyOfLeaseId).join(', ')
      throw stop('badLine', `${ids.size} leases are called ${quote(which)}; name one by its key: ${keys}.`)
    }
  }
  throw missing(which)
}

const missing = (which: string) => stop('notFound', `There is no lease ${quote(which)}; berth list --all shows those that are open.`)

async function* listed(temporal: Temporal, query: string): AsyncGenerator<WorkflowExecutionInfo> {
  let read = 0
  for await (const one of temporal.workflow.list({ query })) {
    if (++read > mostRead) return
    yield one
  }
}

async function foundBy(temporal: Temporal, id: string, withinMs: number): Promise<FoundLease> {
  const status = await ask(temporal, { id, of: statusQuery, withinMs })
  return { key: status.key, leaseId: id, member: status.member, name: status.name, ...(status.ending && { ending: status.ending }) }
}
