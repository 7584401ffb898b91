import { defineCommand, place } from './command.ts'
import { lease } from './values.ts'

export const pause = defineCommand({
  name: 'pause',
  summary: 'Stops a lease and keeps its files, but not on Kubernetes; it frees your cpu and memory, and its end stays.',
  who: 'member',
  changes: true,
  arguments: { lease: place(lease, 'Its name or key.') },
  examples: ['pause web'],
  answer: '`key` and `name` of the lease; `losesFiles` where its files are not kept.',
  run: async (args, door) => {
    const found = await door.find(args.lease)
    const { losesFiles } = await door.pause(found)
    return { key: found.key, name: found.name, ...(losesFiles && { losesFiles }) }
  },
  say: ({ name, losesFiles }: { key: string; name: string; losesFiles?: true }) => `${name} sleeps${losesFiles ? '; its files are not kept' : ''}.`,
})
