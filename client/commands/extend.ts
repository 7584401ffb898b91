import { defineCommand, flag, place } from './command.ts'
import { duration, lease } from './values.ts'

export const extend = defineCommand({
  name: 'extend',
  summary: 'Makes a lease longer, as far as your groups allow.',
  who: 'member',
  changes: true,
  arguments: {
    lease: place(lease, 'Its name or key.'),
    by: flag(duration, 'How much longer; without it, one step of your groups.'),
  },
  examples: ['extend web', 'extend web --by 1h'],
  answer: '`until`, the new end, and a sentence.',
  run: async (args, door) => door.extend(await door.find(args.lease), args.by),
  say: (extended) => extended.sentence,
})
