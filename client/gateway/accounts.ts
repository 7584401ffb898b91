/** A member's account over Temporal: its desk, and the updates that start it when it is not there. */
import { createHash } from 'node:crypto'
import { WithStartWorkflowOperation, type Workflow } from '@temporalio/client'
import { TypedSearchAttributes, type UpdateDefinition } from '@temporalio/common'
import {
  accountId, attributes, coreQueue, deskQuery, keyAlphabet, keyLength, lendUpdate, signInUpdate, signOutUpdate, type AccountInput, type SignOut,
} from '../../workflows/contract.ts'
import type { Desk, LendRequest, Receipt } from '../../workflows/terms.ts'
import { ask, type Temporal } from '../ask.ts'
import { isGone } from './failures.ts'
import type { GatewayOptions } from './options.ts'

export interface Accounts {
  /** Of somebody whose account is not there: empty, with an epoch above every token's, so that nobody is signed in to it. */
  desk(member: string): Promise<Desk>
  /** Whether Temporal knows the account, open or closed. */
  exists(member: string): Promise<boolean>
  lend(member: string, wish: LendRequest): Promise<Receipt>
  /** Opens the account when it is not there; answers with the epoch for a new token. */
  signIn(member: string): Promise<number>
  /** Answers with the new epoch. */
  signOut(member: string, why: SignOut): Promise<number>
}

type Options = Pick<GatewayOptions, 'queryMs' | 'updateMs'>

export function createAccounts(temporal: Temporal, options: Options): Accounts {
  const query = (member: string) => ask(temporal, { id: accountId(member), of: deskQuery, withinMs: options.queryMs })
  const update = <R, A>(member: string, of: { def: UpdateDefinition<R, [A]>; arg: A; updateId?: string }): Promise<R> =>
    temporal.withDeadline(Date.now() + options.updateMs, () => temporal.workflow.executeUpdateWithStart(of.def, {
      args: [of.arg], startWorkflowOperation: startAccount(member), ...(of.updateId !== undefined && { updateId: of.updateId }),
    }))
  return {
    desk: (member) => query(member).catch((error: unknown) => {
      if (isGone(error)) return { member, epoch: Number.MAX_SAFE_INTEGER, leases: [], notices: [], endings: [] }
      throw error
    }),
    exists: (member) => query(member).then(() => true, (error: unknown) => {
      if (isGone(error)) return false
      throw error
    }),
    lend: (member, wish) => update(member, { def: lendUpdate, arg: wish, updateId: wish.requestId }),
    signIn: (member) => temporal.withDeadline(Date.now() + options.updateMs, () =>
      temporal.workflow.executeUpdateWithStart(signInUpdate, { startWorkflowOperation: startAccount(member) })),
    signOut: (member, why) => update(member, { def: signOutUpdate, arg: why }),
  }
}

function startAccount(member: string): WithStartWorkflowOperation<Workflow> {
  const input: AccountInput = { member }
  return new WithStartWorkflowOperation<Workflow>('account', {
    workflowId: accountId(member), taskQueue: coreQueue, args: [input], workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `Account of ${member}`.slice(0, 200),
    staticDetails: 'What a member may do, holds and was told. Started by the gateway at the first request.',
    typedSearchAttributes: new TypedSearchAttributes([
      { key: attributes.owner, value: member }, { key: attributes.kind, value: 'account' },
    ]),
  })
}

/**
 * The lease's key, derived from who asks and the request's id. The account's receipt answers a re-delivered request; when
 * that is lost (an account terminated by hand forgets its receipts), the same request still means the same workflow id,
 * so it cannot become a second lease. The price: a request id must never be used for another request.
 */
export function keyOf(member: string, requestId: string): string {
  let number = BigInt(`0x${createHash('sha256').update(`berth/key\n${member}\n${requestId}`).digest('hex')}`)
  const base = BigInt(keyAlphabet.length)
  let key = ''
  for (; key.length < keyLength; number /= base) key += keyAlphabet[Number(number % base)]
  return key
}
