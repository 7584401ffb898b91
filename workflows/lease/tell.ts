/**
 * What a lease has to tell its member. It keeps its notices itself, where `status` shows them, and hands them to the
 * account with its last word: a signal for each would cost nine history events, and nobody would read them sooner.
 */
import { getExternalWorkflowHandle, log } from '@temporalio/workflow'
import { accountId, leaseEndedSignal } from '../contract.ts'
import type { Ending, Notice } from '../terms.ts'
import type { LeaseState } from './state.ts'

const kept = 20

export function tell(state: LeaseState, kind: Notice['kind'], sentence: string): void {
  state.notices = [...state.notices, { at: Date.now(), key: state.input.key, kind, sentence }].slice(-kept)
}

/** The last word, which frees quota and name. An account that is gone counts as told. */
export async function tellEnded(state: LeaseState, ending: Ending): Promise<void> {
  tell(state, 'ended', `${ending.name} has ended: ${ending.sentence}`)
  try {
    await getExternalWorkflowHandle(accountId(ending.member)).signal(leaseEndedSignal, { key: ending.key, ending, notices: state.notices })
  } catch (error) {
    log.warn('nobody keeps this account any more', { member: ending.member, error })
  }
}
