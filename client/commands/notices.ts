import type { Notice } from '../../workflows/terms.ts'
import { defineCommand } from './command.ts'
import { sayMoment } from './words.ts'

export const notices = defineCommand({
  name: 'notices',
  summary: 'Shows what Berth had to tell you lately.',
  who: 'member',
  arguments: {},
  examples: ['notices'],
  answer: '`notices`, the oldest first.',
  run: async (_args, door) => {
    const desk = await door.desk()
    // An open lease keeps its own; one that cannot be asked just now tells them later.
    const open = await Promise.all(desk.leases.map(({ leaseId }) =>
      door.status(leaseId).then((status) => status.notices, (): readonly Notice[] => [])))
    return { notices: [...desk.notices, ...open.flat()].sort((a, b) => a.at - b.at) }
  },
  say: ({ notices }) => notices.length === 0
    ? 'There is nothing new.'
    : notices.map((notice) => `${sayMoment(notice.at)}  ${notice.sentence}`).join('\n'),
})
