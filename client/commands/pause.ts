import { defineCommand, place } from './command.ts'
import { lease } from './values.ts'

export const pause = defineCommand({
  name: 'pause',
  summary: 'Stops a lease and keeps its files; it frees your cpu and memory, and its end stays.',
  who: 'member',
  changes: true,
  arguments: { lease: place(lease, 'Its name or key.') },
  examples: ['pause web'],
  answer: '`key` and `name` of the lease.',
  run: async (args, door) => {
    const found = await door.find(args.lease)
    await door.pause(found)
    return { key: found.key, name: found.name }
  },
  say: ({ name }) => `${name} sleeps.`,
})
