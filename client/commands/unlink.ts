import { defineCommand } from './command.ts'

export const unlink = defineCommand({
  name: 'unlink',
  summary: 'Ends the link of this chat account; your leases stay as they are.',
  who: 'anyone',
  where: 'chat',
  arguments: {},
  examples: ['unlink'],
  answer: 'Whom it was linked to.',
})
