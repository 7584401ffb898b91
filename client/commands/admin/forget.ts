import { stop } from '../../refused.ts'
import { defineCommand, place, toggle } from '../command.ts'
import { word } from '../values.ts'

export const forget = defineCommand({
  name: 'admin forget',
  summary: 'Declares a host gone for ever: its leases end or move, as if it were proven that nothing of them is left.',
  who: 'admin',
  changes: true,
  arguments: {
    host: place(word('HOST', 'host-1'), 'Which host.'),
    yes: toggle('Says that the machine will not come back with its containers.'),
  },
  examples: ['admin forget host-1 --yes'],
  answer: '`host` and `site`.',
  run: async (args, door) => {
    if (!args.yes) {
      throw stop('badLine', `Forgetting counts as proof that nothing runs on ${args.host} any more; say so with --yes.`)
    }
    return { host: args.host, ...await door.admin.forget(args.host) }
  },
  say: ({ host, site }) => `${host} at ${site} is forgotten. It must be swept before it lends again.`,
})
