import { defineCommand, needed, place } from './command.ts'
import { duration, lease } from './values.ts'
import { sayMoment } from './words.ts'

export const keep = defineCommand({
  name: 'keep',
  summary: 'Says that a lease is in use, however idle it looks; its end stays.',
  who: 'member',
  changes: true,
  arguments: {
    lease: place(lease, 'Its name or key.'),
    for: needed(duration, 'How long from now.'),
  },
  examples: ['keep web --for 12h'],
  answer: '`until`, when it may look idle again.',
  run: async (args, door) => {
    const until = door.now() + args.for
    await door.keep(await door.find(args.lease), until)
    return { until }
  },
  say: ({ until }) => `Kept until ${sayMoment(until)}.`,
})
