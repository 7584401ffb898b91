/** `lend`: ask, decide in one synchronous block, reserve, start the lease, answer. */
import { ParentClosePolicy, log, startChild } from '@temporalio/workflow'
import { TypedSearchAttributes } from '@temporalio/common'
import { attributes, type LeaseInput } from '../contract.ts'
import type { lease as leaseStory } from '../lease.ts'
import { refuse } from '../refuse.ts'
import { decideLend } from '../rules/lending.ts'
import { sayDuration } from '../rules/duration.ts'
import type { Standing } from '../steps.ts'
import type { LendRequest, Receipt } from '../terms.ts'
import { standingOrLater } from './ask.ts'
import { type Books, justLent, remember } from './books.ts'

export interface LendingDesk {
  readonly books: Books
  readonly ask: () => Promise<Standing>
  /** Resolves once the open leases are known; refuses with "try later" when that takes too long. */
  readonly ready: () => Promise<void>
  /** Leases whose start the server has not confirmed: a run that ends before would take them with it. */
  readonly starting: Set<string>
}

export async function lend({ books, ask, ready, starting }: LendingDesk, wish: LendRequest): Promise<Receipt> {
  const before = answered(books, wish.requestId)
  if (before) return before
  await ready()
  const standing = await standingOrLater(ask, 'Nothing was lent.')
  // From here to the answer nothing awaits: one decision at a time.
  const meanwhile = answered(books, wish.requestId)
  if (meanwhile) return meanwhile
  const now = Date.now(), line = wish.line === undefined ? {} : { line: wish.line }
  const twice = justLent(books, wish.line, now)
  if (twice) {
    remember(books, wish.requestId, { receipt: twice }, now)
    return twice
  }
  const { entitlement, clocks } = rights(books, standing)
  books.lastGood = { at: now, entitlement }
  books.clocks = clocks
  const decision = decideLend({ member: books.member, held: Object.values(books.held) }, wish, { entitlement, clocks, now })
  if ('refusal' in decision) {
    remember(books, wish.requestId, decision, now)
    throw refuse(decision.refusal.kind, decision.refusal.sentence)
  }
  const { held, receipt, lease } = decision.reservation
  const input: LeaseInput = books.links?.length ? { ...lease, links: books.links } : lease
  books.held[held.key] = held
  remember(books, wish.requestId, { receipt, ...line }, now)
  starting.add(held.key)
  void startLease(input, receipt).finally(() => starting.delete(held.key))
  return receipt
}

function answered(books: Books, requestId: string): Receipt | undefined {
  const first = books.receipts[requestId]
  if (first?.refusal) throw refuse(first.refusal.kind, first.refusal.sentence)
  return first?.receipt
}

/** Binds the uid to its entry; a new entry under an old uid is a stranger while the old one's leases are there. */
function rights(books: Books, standing: Standing): Extract<Standing, { is: 'member' }> {
  if (standing.is !== 'member') throw refuse(standing.is, standing.sentence)
  if (books.uuid !== undefined && books.uuid !== standing.uuid && Object.keys(books.held).length > 0) {
    throw refuse('stranger', 'This user name belonged to another person, whose leases are still here. Ask an admin of Berth to end them.')
  }
  books.uuid = standing.uuid
  return standing
}

/**
 * The start is part of the same workflow task as the answer, so it is durable once the member hears of it; waiting for
 * the server's "started" would cost the member one more round trip and could only say that this key was used before.
 */
async function startLease(input: LeaseInput, receipt: Receipt): Promise<void> {
  const first = input.sites[0]!
  await startChild<typeof leaseStory>('lease', {
    args: [input],
    workflowId: receipt.leaseId,
    parentClosePolicy: ParentClosePolicy.ABANDON,
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    staticSummary: `${input.spec.image} for ${input.member}`,
    staticDetails: `${input.member} asked for ${input.spec.image} as ${input.label}, for ${sayDuration(input.forMs)}, with ${input.spec.cpu} cpu.`,
    typedSearchAttributes: new TypedSearchAttributes([
      { key: attributes.owner, value: input.member },
      { key: attributes.kind, value: 'lease' },
      { key: attributes.phase, value: 'waiting' },
      { key: attributes.image, value: input.spec.image },
      { key: attributes.site, value: first.name },
    ]),
  }).catch((error: unknown) => log.error('the lease did not start', { leaseId: receipt.leaseId, error }))
}
