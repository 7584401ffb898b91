/** Looks at the leases' phases and at the engine all the time, in one question each, however many leases there are. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from '@temporalio/client'
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/index.js'
import { attributes, statusQuery } from '../../workflows/contract.ts'
import { rootMessage } from '../../workflows/refuse.ts'
import type { Journey } from '../journey/berth.ts'

export interface LookOut {
  /** Resolves when the lease shows this phase, or is closed (`closed`); rejects after the time. */
  until(leaseId: string, phase: string, withinMs?: number): Promise<string>
  /** Keys of which two containers ran at the same time. */
  doubled(): readonly string[]
  looks(): number
  close(): void
}

export function createLookOut({ client, containers }: { readonly client: Client } & Pick<Journey, 'containers'>): LookOut {
  const doubled = new Set<string>(), waiting = new Map<string, { phase: string; done: (seen: string) => void }>()
  const over = new AbortController()
  let looks = 0

  async function phases(): Promise<void> {
    if (waiting.size === 0) return
    const open = new Map<string, string>()
    for await (const { workflowId, typedSearchAttributes } of client.workflow.list({ query: 'WorkflowType = \'lease\' AND ExecutionStatus = \'Running\'' })) {
      open.set(workflowId, typedSearchAttributes.get(attributes.phase) ?? '')
    }
    for (const [leaseId, { phase, done }] of waiting) if (open.get(leaseId) === phase) done(phase)
    // Visibility lags, so what is not listed is looked at by itself.
    await Promise.all([...waiting].filter(([leaseId]) => !open.has(leaseId)).slice(0, 8).map(async ([leaseId, { done }]) => {
      const { status } = await client.workflow.getHandle(leaseId).describe()
      if (status.name !== 'RUNNING' && status.name !== 'CONTINUED_AS_NEW') done('closed')
    }))
  }

  async function engine(): Promise<void> {
    const running = (await containers()).filter(({ State }) => State === 'running').map(({ Labels }) => Labels['berth.key'] ?? '')
    looks++
    for (const key of running) if (running.filter((other) => other === key).length > 1) doubled.add(key)
  }

  const again = async (look: () => Promise<void>, everyMs: number) => {
    while (!over.signal.aborted) {
      await look().catch(() => undefined) // whatever is down comes back
      await pause(everyMs, undefined, { signal: over.signal }).catch(() => undefined)
    }
  }
  void again(phases, 250)
  void again(engine, 500)

  return {
    until: (leaseId, phase, withinMs = 300_000) => new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(leaseId)
        void doing(client, leaseId).catch(String).then((what) => reject(new Error(`${leaseId} was not ${phase} within ${withinMs / 1000} s: ${what}`)))
      }, withinMs)
      waiting.set(leaseId, { phase, done: (seen) => {
        clearTimeout(timer)
        waiting.delete(leaseId)
        resolve(seen)
      } })
    }),
    doubled: () => [...doubled],
    looks: () => looks,
    close: () => over.abort(),
  }
}

/** What a lease waits for, by its own word and with the last failure of each step. */
async function doing(client: Client, workflowId: string): Promise<string> {
  const lease = client.workflow.getHandle(workflowId), { status, typedSearchAttributes, raw: { pendingActivities } } = await lease.describe()
  const says = await lease.query(statusQuery).then(({ phase, queue, timeline }) =>
    `says ${phase}${queue ? ` (${queue.reason})` : ''}, shows ${typedSearchAttributes.get(attributes.phase) ?? 'nothing'}: ${timeline.slice(-3).map(({ what }) => what).join('; ')}`, String)
  const steps = await Promise.all((pendingActivities ?? []).map(async ({ activityType, attempt, lastFailure }) => {
    const error = await decodeOptionalFailureToOptionalError(client.options.loadedDataConverter, lastFailure)
    return `${activityType?.name}, try ${attempt}${error ? `: ${rootMessage(error)}` : ''}`
  }))
  return `${status.name}, ${says}; ${steps.join('; ') || 'no step under way'}`
}
