/** What an admin reads in the Temporal UI: current details in plain words, and search attributes to filter by. */
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow'
import { attributes } from '../contract.ts'
import { sayMemory } from '../rules/amount.ts'
import { keepsFiles } from '../rules/files.ts'
import { sayMoment } from '../rules/moment.ts'
import type { LeaseStatus } from '../terms.ts'
import { type LeaseState, endsAt, siteOf, statusOf } from './state.ts'

/** Costs no event. */
export function showDetails(state: LeaseState): void {
  setCurrentDetails(leaseDetails(statusOf(state, Date.now())))
}

/** Costs one action: only when what an admin filters by has changed. */
export function showAttributes(state: LeaseState): void {
  const due = endsAt(state)
  upsertSearchAttributes([
    { key: attributes.phase, value: state.phase },
    { key: attributes.site, value: siteOf(state).name },
    { key: attributes.host, value: state.place?.host ?? null },
    { key: attributes.due, value: due === undefined ? null : new Date(due) },
  ])
}

export function leaseDetails(status: LeaseStatus): string {
  const { spec } = status
  const lines = [
    `**${status.name}** (${status.image}) for ${status.member}: ${status.phase}${status.until === undefined ? '' : ` until ${sayMoment(status.until)}`}`,
    `${spec.cpu} cpu, ${sayMemory(spec.memory)} at ${status.site}${status.host === undefined ? '' : ` on ${status.host}`}`,
    ...status.endpoints.map((one) => `port ${one.port}: ${one.fqdn}:${one.hostPort} (SRV ${one.srv})`),
    ...(status.queue ? [`waits in line, place ${status.queue.position}: ${status.queue.reason}`] : []),
    ...(status.phase === 'paused' && !keepsFiles(status.place) ? ['its host does not keep the files of what sleeps'] : []),
    ...(status.held ? [`held by ${status.held.by} until ${sayMoment(status.held.until)}: ${status.held.reason}`] : []),
    ...(status.idle ? [status.idle.sentence] : []),
  ]
  const story = status.timeline.slice(-15).map((entry) => `- ${sayMoment(entry.at)} ${entry.what}`)
  return [...lines, '', ...story, '', ...waysOfAdmins(status)].join('\n\n').slice(0, 15_000)
}

/** What break-glass sends from the Temporal UI or its CLI, ready to be copied; whoever reaches Temporal is believed. */
function waysOfAdmins({ key, phase, until, place }: LeaseStatus): string[] {
  if (phase === 'ended') return []
  const by = { uid: 'YOU', admin: true }, json = (word: object) => `\`${JSON.stringify({ key, ...word })}\``
  const ways = [
    ...(until === undefined || phase === 'ending' ? [] : [
      `update **extend** ${json({ requestId: 'NEW-EACH-TIME', by, byMs: 3_600_000 })}: an hour longer, as far as its member's groups allow`,
      `update **hold** ${json({ by, until: until + 86_400_000, reason: 'WHY' })}: a day past its end`,
    ]),
    `update **retry** ${json({ by })}: tries at once what waits to be tried again, as does "Reset" at a pending activity`,
    ...(phase === 'ending' ? [] : [
      ...(place?.runtime === 'kubernetes' ? [`update **unreach** ${json({ by })}: ends all kubeconfigs of its member for its cluster; what runs there starts afresh`] : []),
      `update **release** ${json({ by })}: takes it back now`,
      `signal **revoke** ${json({ by: 'YOU', reason: 'WHY' })}: ends it now, and its member sees why`,
    ]),
  ]
  return ['**What an admin can send it:**', ...ways.map((way) => `- ${way}`)]
}
