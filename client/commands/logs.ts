import { defineCommand, flag, place } from './command.ts'
import { count, lease } from './values.ts'

export const logs = defineCommand({
  name: 'logs',
  summary: 'Shows the last lines of a lease, also of one that has just ended.',
  who: 'member',
  changes: true,
  arguments: {
    lease: place(lease, 'Its name or key.'),
    lines: flag(count('LINES', 1000), 'How many; without it, 50.'),
  },
  examples: ['logs web', 'logs web --lines 200'],
  answer: '`lines`, the oldest first, and `over` when the lease has ended.',
  run: async (args, door) => {
    const found = await door.find(args.lease), lines = args.lines ?? 50
    if (found.ending) return { lines: (found.ending.lastLines ?? []).slice(-lines), over: true }
    return { lines: await door.logs(found, lines), over: false }
  },
  say: ({ lines, over }) => lines.length > 0 ? lines.join('\n') : over ? 'It left no lines behind.' : 'It has written nothing so far.',
})
