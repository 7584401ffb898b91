import { defineCommand, place, toggle } from '../command.ts'
import { word } from '../values.ts'

export const drain = defineCommand({
  name: 'admin drain',
  summary: 'Lets a host take nothing new; what runs there goes on.',
  who: 'admin',
  changes: true,
  arguments: {
    host: place(word('HOST', 'host-1'), 'Which host.'),
    undo: toggle('Lets it take new leases again.'),
  },
  examples: ['admin drain host-1', 'admin drain host-1 --undo'],
  answer: '`host`, `site`, and whether it is `draining`.',
  run: async (args, door) => ({ host: args.host, draining: !args.undo, ...await door.admin.drain(args.host, !args.undo) }),
  say: ({ host, site, draining }) => draining ? `${host} at ${site} takes nothing new.` : `${host} at ${site} takes new leases again.`,
})
