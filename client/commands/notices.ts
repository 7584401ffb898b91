import { defineCommand } from './command.ts'
import { sayMoment } from './words.ts'

export const notices = defineCommand({
  name: 'notices',
  summary: 'Shows what Berth had to tell you lately.',
  who: 'member',
  arguments: {},
  examples: ['notices'],
  answer: '`notices`, the oldest first.',
  run: async (_args, door) => ({ notices: (await door.desk()).notices }),
  say: ({ notices }) => notices.length === 0
    ? 'There is nothing new.'
    : notices.map((notice) => `${sayMoment(notice.at)}  ${notice.sentence}`).join('\n'),
})
