/** `tell` never fails a story: a receiver that is gone counts as told (design section 2). */
import { getExternalWorkflowHandle, log } from '@temporalio/workflow'
import { accountId, leaseEndedSignal, tellSignal } from '../contract.ts'
import type { Ending, Notice } from '../terms.ts'

export async function tell(member: string, notice: Notice): Promise<void> {
  try {
    await getExternalWorkflowHandle(accountId(member)).signal(tellSignal, notice)
  } catch (error) {
    log.warn('a notice reached nobody', { kind: notice.kind, error })
  }
}

/** The last word, which frees quota and name. */
export async function tellEnded(ending: Ending): Promise<void> {
  const notice: Notice = { at: ending.at, key: ending.key, kind: 'ended', sentence: `${ending.name} has ended: ${ending.sentence}` }
  try {
    await getExternalWorkflowHandle(accountId(ending.member)).signal(leaseEndedSignal, { key: ending.key, ending, notice })
  } catch (error) {
    log.warn('nobody keeps this account any more', { member: ending.member, error })
  }
}
