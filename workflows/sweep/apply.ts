/** Removes what the plan says, a few at a time. Each step looks at the mark once more; absent is success. */
import { ActivityFailure, proxyActivities } from '@temporalio/workflow'
import { hostQueue } from '../contract.ts'
import { rootMessage } from '../refuse.ts'
import type { CoreSteps, HostSteps } from '../steps.ts'
import type { Removal } from './terms.ts'

const atOnce = 8
/** In one sweep, for its history's sake; the next goes on. */
const most = 500

export interface Applied {
  readonly removed: number
  readonly failed: readonly { readonly object: string; readonly why: string }[]
}

export async function apply(removals: readonly Removal[]): Promise<Applied> {
  const rest = removals.slice(0, most).values(), failed: { object: string; why: string }[] = []
  let removed = 0
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (const removal of rest) {
      try {
        await remove(removal)
        removed++
      } catch (error) {
        if (!(error instanceof ActivityFailure)) throw error
        failed.push({ object: removal.finding.object, why: rootMessage(error) })
      }
    }
  }))
  return { removed, failed }
}

const tries = { retry: { initialInterval: '500ms', maximumAttempts: 3 } } as const

function remove({ finding, ...it }: Removal): Promise<void> {
  const summary = `Remove ${finding.object}: ${finding.why}`.slice(0, 200)
  if (it.is === 'name') {
    const { ports: _, ...owner } = it.name
    return proxyActivities<CoreSteps>({ ...tries, startToCloseTimeout: '30s', summary }).releaseName(owner)
  }
  return proxyActivities<HostSteps>({
    ...tries, taskQueue: hostQueue(it.host), scheduleToStartTimeout: '30s', startToCloseTimeout: '90s', summary,
  }).removeOwned(it.owned)
}
