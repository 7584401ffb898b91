import type { LeaseStatus } from '../../workflows/terms.ts'
import { keepsFiles } from '../../workflows/rules/files.ts'
import { defineCommand, place } from './command.ts'
import { lease } from './values.ts'
import { sayMoment, sayTime } from './words.ts'

export const status = defineCommand({
  name: 'status',
  summary: 'Shows one lease: how to reach it, until when, and why it is as it is.',
  who: 'member',
  arguments: { lease: place(lease, 'Its name or key.') },
  examples: ['status web'],
  answer: 'The state of the lease with its timeline.',
  run: async (args, door) => door.status((await door.find(args.lease)).leaseId),
  say: sayStatus,
})

export function sayStatus(it: LeaseStatus): string {
  return [
    `${it.name}: ${it.image}, ${it.phase}${it.until === undefined ? '' : ` until ${sayMoment(it.until)}`} (key ${it.key})`,
    ...it.endpoints.map((end) => `  port ${end.port} is ${end.fqdn}:${end.hostPort}`),
    ...it.queue ? [`  waits at place ${it.queue.position}: ${it.queue.reason}`] : [],
    ...it.phase === 'paused' && !keepsFiles(it.place) ? ['  sleeps without its files: they are not kept there'] : [],
    ...it.held ? [`  held until ${sayMoment(it.held.until)} by ${it.held.by}: ${it.held.reason}`] : [],
    ...it.idle ? [`  ${it.idle.sentence}`] : [],
    ...it.stuck === undefined ? [] : [`  ${it.stuck}`],
    ...it.ending ? [`  ${it.ending.sentence}`] : [],
    ...it.timeline.map((entry) => `  ${sayTime(entry.at)}  ${entry.what}`),
  ].join('\n')
}
