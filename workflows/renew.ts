/** When an entity continues as new: well before the server asks for it (4,096 events); a replay costs 0.4 s per 1,000. */
import { workflowInfo } from '@temporalio/workflow'
import type { Clocks } from './terms.ts'

export function isLong({ mostEvents }: Pick<Clocks, 'mostEvents'>): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo()
  return historyLength > mostEvents || continueAsNewSuggested
}
