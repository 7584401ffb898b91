/** The member's account hears of a chat account that is linked to her or him, or no longer is. */
import { ParentClosePolicy, getExternalWorkflowHandle, log, startChild, workflowInfo } from '@temporalio/workflow'
import { TypedSearchAttributes } from '@temporalio/common'
import type { account } from '../account.ts'
import { accountId, attributes } from '../contract.ts'
import { linkedSignal } from './messages.ts'
import { type LinkState, sayUser } from './state.ts'
import type { Linked } from './terms.ts'

/** A new link opens the account when it is not there: else nobody would pass the notice on to the member's other chats. */
export async function tellAccount(state: LinkState, { uid }: Linked, on: boolean): Promise<void> {
  const word = { link: workflowInfo().workflowId, on, what: sayUser(state) }
  const tell = () => getExternalWorkflowHandle(accountId(uid)).signal(linkedSignal, word)
  try {
    await tell().catch(async (error: unknown) => {
      if (!on) throw error
      await openAccount(uid)
      if (state.linked?.uid === uid) await tell() // else it was unlinked meanwhile
    })
  } catch (error) {
    log.warn('nobody keeps this account any more', { member: uid, error })
  }
}

/** As the gateway opens one at a sign-in. Somebody else may have done so meanwhile. */
async function openAccount(member: string): Promise<void> {
  await startChild<typeof account>('account', {
    args: [{ member }], workflowId: accountId(member), parentClosePolicy: ParentClosePolicy.ABANDON,
    staticSummary: `Account of ${member}`.slice(0, 200),
    staticDetails: 'What a member may do, holds and was told. Started by a chat account that was linked to it.',
    typedSearchAttributes: new TypedSearchAttributes([{ key: attributes.owner, value: member }, { key: attributes.kind, value: 'account' }]),
  }).catch((error: unknown) => log.info('the account was not opened', { member, error }))
}
