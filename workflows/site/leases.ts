/** What Temporal knows of a site: its open leases, and what an earlier run of it has kept. */
import { proxyActivities } from '@temporalio/workflow'
import type { CoreSteps } from '../steps.ts'
import { heartbeated } from '../timeouts.ts'
import type { Site } from './state.ts'

/** Then the next look asks again, and this run may end meanwhile. */
const notForEver = { ...heartbeated, scheduleToCloseTimeout: '5m' } as const

const { openLeases } = proxyActivities<Pick<CoreSteps, 'openLeases'>>({ ...notForEver, summary: 'Which leases are open here?' })
const { recallHosts } = proxyActivities<Pick<CoreSteps, 'recallHosts'>>({ ...notForEver, summary: 'Which hosts drained or were forgotten before?' })

/** Keys in `known` are told by id alone. */
export const listOpen = ({ name }: Site, known: readonly string[]) => openLeases({ site: name }, known)

export const recall = ({ name }: Site) => recallHosts(name)
