import { stop } from '../../refused.ts'
import { defineCommand, flag, place, toggle } from '../command.ts'
import { sentence, word } from '../values.ts'

export const revoke = defineCommand({
  name: 'admin revoke',
  summary: 'Ends every sign-in and kubeconfig of a member, and with --leases every lease too.',
  who: 'admin',
  changes: true,
  arguments: {
    member: place(word('MEMBER', 'mika'), 'Which member.'),
    leases: toggle('Ends the member’s leases as well, at once.'),
    reason: flag(sentence('REASON', '"key was stolen"'), 'Why the leases end; the member sees it.'),
  },
  examples: ['admin revoke mika', 'admin revoke mika --leases --reason "key was stolen"'],
  answer: '`member`, the new `epoch`, and the ids of the `leases` that end.',
  run: async (args, door) => {
    if (args.leases !== (args.reason !== undefined)) {
      throw stop('badLine', 'Leases end with a reason; write --leases --reason "key was stolen", or neither.')
    }
    return { member: args.member, ...await door.admin.revoke(args.member, args.reason) }
  },
  say: ({ member, leases }) => leases.length === 0 ? `${member} is signed out everywhere.` : `${member} is signed out everywhere, and ${leases.length} leases end.`,
})
