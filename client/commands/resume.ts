import { defineCommand, place } from './command.ts'
import { lease } from './values.ts'

export const resume = defineCommand({
  name: 'resume',
  summary: 'Starts a paused lease again.',
  who: 'member',
  changes: true,
  arguments: { lease: place(lease, 'Its name or key.') },
  examples: ['resume web'],
  answer: '`key` and `name` of the lease.',
  run: async (args, door) => {
    const found = await door.find(args.lease)
    await door.resume(found)
    return { key: found.key, name: found.name }
  },
  say: ({ name }) => `${name} is to start again.`,
})
