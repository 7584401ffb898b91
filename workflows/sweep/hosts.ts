/**
 * What of ours is on each host. A host that runs takes the question up in milliseconds, or after a while when it is busy:
 * so one that is late is asked again, longer, unless its site knows that nobody runs it. Whoever did not tell is named in
 * `silent`, and never counts as a host with nothing on it.
 */
import { ActivityFailure, TimeoutFailure, proxyActivities } from '@temporalio/workflow'
import { hostQueue } from '../contract.ts'
import type { Owned } from '../ports.ts'
import { rootMessage } from '../refuse.ts'
import { mayRun } from '../rules/late.ts'
import type { HostSteps } from '../steps.ts'
import type { Counted } from './terms.ts'

const soonMs = 2_000, busyMs = 20_000

type Answer = { readonly host: string } & ({ readonly owned: readonly Owned[] } | { readonly late: true } | { readonly trouble: string })

export const askHosts = (hosts: readonly string[]): Promise<readonly Answer[]> => Promise.all(hosts.map((host) => ask(host, soonMs)))

/** `counted`: what the sites told meanwhile; undefined when they could not be asked. */
export async function askLate(first: readonly Answer[], counted: Counted | undefined): Promise<{
  readonly hosts: readonly { readonly host: string; readonly owned: readonly Owned[] }[]
  readonly silent: readonly string[]
}> {
  const answers = await Promise.all(first.map((answer) => 'late' in answer && mayRun(answer.host, counted, Date.now()) ? ask(answer.host, busyMs) : answer))
  return {
    hosts: answers.flatMap((answer) => 'owned' in answer ? [answer] : []),
    silent: answers.flatMap((answer) => 'owned' in answer ? [] :
      [`${answer.host} did not tell what it has: ${'late' in answer ? 'nobody runs it, or it is too busy to answer.' : answer.trouble}`]),
  }
}

async function ask(host: string, scheduleToStartTimeout: number): Promise<Answer> {
  try {
    const owned = await proxyActivities<Pick<HostSteps, 'listOwned'>>({
      taskQueue: hostQueue(host), summary: `What of ours is on ${host}?`,
      scheduleToStartTimeout, startToCloseTimeout: '60s', retry: { initialInterval: '1s', maximumAttempts: 2 },
    }).listOwned()
    return { host, owned }
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error
    const late = error.cause instanceof TimeoutFailure && error.cause.timeoutType === 'SCHEDULE_TO_START'
    return late ? { host, late } : { host, trouble: rootMessage(error) }
  }
}
