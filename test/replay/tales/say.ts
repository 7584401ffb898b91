/** The sentences that tales are made of. */
import type { UpdateDefinition } from '@temporalio/common'
import { releaseUpdate, seenSignal, type SeenWord } from '../../../workflows/contract.ts'
import type { LeaseStatus, LendRequest, Receipt } from '../../../workflows/terms.ts'
import { eventually, type World } from '../../workflows/harness.ts'

export const second = 1_000, minute = 60 * second

export async function lent(it: World, member: string, wish: Partial<LendRequest> & { name: string }): Promise<Receipt> {
  const receipt = await it.lend(member, wish)
  await it.until(receipt.leaseId, 'ready')
  return receipt
}

export const told = <R, A>(it: World, { leaseId }: Receipt, update: UpdateDefinition<R, [A]>, word: A): Promise<R> =>
  it.client.workflow.getHandle(leaseId).executeUpdate<R, [A]>(update, { args: [word] })

export async function returned(it: World, receipt: Receipt, uid: string): Promise<void> {
  await told(it, receipt, releaseUpdate, { key: receipt.key, by: { uid } })
  await it.ended(receipt.leaseId)
}

export const seen = (it: World, { leaseId, key }: Receipt, word: Partial<SeenWord> & Pick<SeenWord, 'what'>): Promise<void> =>
  it.client.workflow.getHandle(leaseId).signal(seenSignal, { key, number: 1, at: Date.now(), evidence: 'as the tale says', ...word })

/** Waits until its timeline says so. */
export const says = (it: World, { leaseId }: Receipt, what: RegExp): Promise<LeaseStatus> => eventually(async () => {
  const status = await it.status(leaseId)
  return status.timeline.some((entry) => what.test(entry.what)) && status
}, `${leaseId} says ${what}`)

/** Longer than any story lets itself become. */
const longEvents = 2_050

/** Makes a story so long that it goes on in a new run. Then it is left in peace: a task during which words come in cannot end a run. */
export async function untilNewRun(it: World, workflowId: string, say: (at: number) => Promise<void>): Promise<void> {
  const handle = it.client.workflow.getHandle(workflowId)
  const { runId: first } = await handle.describe()
  await eventually(async () => {
    const { runId, historyLength } = await handle.describe()
    if (runId === first && historyLength < longEvents) await Promise.all(Array.from({ length: 100 }, (_, at) => say(at)))
    return runId !== first
  }, `${workflowId} has a new run`, 120_000)
}
