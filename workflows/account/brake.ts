/** The brake on mass loss: when many accounts lose something at once, an admin is asked before leases end. */
import { ActivityFailure, log, proxyActivities, upsertSearchAttributes } from '@temporalio/workflow'
import { attributes } from '../contract.ts'
import { measureBrake } from '../metrics.ts'
import { brakeLimit } from '../rules/brake.ts'
import type { CoreSteps } from '../steps.ts'
import type { Books } from './books.ts'

const { countLosing } = proxyActivities<CoreSteps>({
  startToCloseTimeout: '10s', scheduleToCloseTimeout: '1m', retry: { initialInterval: '500ms', maximumInterval: '5s' },
  summary: 'How many accounts lose their rights just now?',
})

/** Why leases of this account do not end now; undefined when they may. Trouble with counting is a reason to wait. */
export async function whyStopped(books: Books, what: 'rights' | 'narrowed'): Promise<string | undefined> {
  let why: string
  try {
    const { losing, of } = await countLosing()
    if (losing <= brakeLimit(of)) return undefined
    why = `${losing} of ${of} accounts lose their rights at once`
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error
    why = 'the accounts that lose their rights could not be counted'
  }
  measureBrake(what)
  log.warn('the brake holds: no lease ends before an admin confirms', { member: books.member, why })
  return `stopped: ${why}; an admin confirms with: berth admin recheck ${books.member} --confirm`
}

/**
 * What the others count: `losing` from the first doubt on, since the list lags behind, until nothing is held. Costs one
 * action, and only when it changes.
 */
export function showLosing(books: Books): void {
  const doubted = books.losing !== undefined || Object.keys(books.unfit ?? {}).length > 0
  const phase = doubted && Object.keys(books.held).length > 0 ? 'losing' : undefined
  if (phase === books.shown) return
  upsertSearchAttributes([{ key: attributes.phase, value: phase ?? null }])
  if (phase) books.shown = phase
  else delete books.shown
}
