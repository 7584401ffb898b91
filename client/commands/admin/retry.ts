import { defineCommand, place } from '../command.ts'
import { lease } from '../values.ts'
import { printable } from '../words.ts'

export const retry = defineCommand({
  name: 'admin retry',
  summary: 'Tries at once what anybody’s lease waits to try again, like a removal at an engine that is back.',
  who: 'admin',
  changes: true,
  arguments: { lease: place(lease, 'Its key, name, or label; anybody’s.') },
  examples: ['admin retry web'],
  answer: 'The `steps` that are under way, each `retried`, `running` or `queued` with how often it `failed` and `why`, and a sentence.',
  run: async (args, door) => door.admin.retry(await door.find(args.lease)),
  say: ({ sentence }) => printable(sentence),
})
