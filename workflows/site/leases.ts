/** The open leases of a site, as Temporal lists them. */
import { proxyActivities } from '@temporalio/workflow'
import type { CoreSteps } from '../steps.ts'
import { heartbeated } from '../timeouts.ts'
import type { Site } from './state.ts'

const { openLeases } = proxyActivities<Pick<CoreSteps, 'openLeases'>>({
  ...heartbeated,
  // One lease that does not answer holds it up: then the next check asks again, and this run may end meanwhile.
  scheduleToCloseTimeout: '5m',
  summary: 'Which leases are open here?',
})

/** Keys in `known` are told by id alone. */
export const listOpen = ({ name }: Site, known: readonly string[]) => openLeases({ site: name }, known)
