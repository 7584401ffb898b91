import { defineCommand, place } from './command.ts'
import { lease } from './values.ts'

export const returnLease = defineCommand({
  name: 'return',
  summary: 'Gives a lease back: container and name go, and its data with them.',
  who: 'member',
  changes: true,
  arguments: { lease: place(lease, 'Its name or key.') },
  examples: ['return web'],
  answer: '`key` and `name` of the lease.',
  run: async (args, door) => {
    const found = await door.find(args.lease)
    await door.release(found)
    return { key: found.key, name: found.name }
  },
  say: ({ name }) => `${name} is given back.`,
})
