import { defineCommand, needed, place } from '../command.ts'
import { lease, sentence } from '../values.ts'

export const end = defineCommand({
  name: 'admin end',
  summary: 'Ends anybody’s lease at once, with a reason.',
  who: 'admin',
  changes: true,
  arguments: {
    lease: place(lease, 'Its key, name, or label; anybody’s.'),
    reason: needed(sentence('REASON', '"mines coins"'), 'Why; its member sees it.'),
  },
  examples: ['admin end web --reason "mines coins"'],
  answer: '`key`, `name` and `member` of the lease that ends.',
  run: async (args, door) => {
    const found = await door.find(args.lease)
    await door.admin.end(found, args.reason)
    return { key: found.key, name: found.name, member: found.member }
  },
  say: ({ name, member }) => `${name} of ${member} ends.`,
})
