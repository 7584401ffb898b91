import { stop } from '../../refused.ts'
import { defineCommand, maybe, toggle } from '../command.ts'
import { word } from '../values.ts'

export const recheck = defineCommand({
  name: 'admin recheck',
  summary: 'Asks the directory now about a member, or about all who hold something.',
  who: 'admin',
  changes: true,
  arguments: {
    member: maybe(word('MEMBER', 'mika'), 'Only this member.'),
    confirm: toggle('Says that this member’s loss is meant, where Berth stopped because many lose their rights at once.'),
  },
  examples: ['admin recheck', 'admin recheck mika', 'admin recheck mika --confirm'],
  answer: '`accounts`, the members whose accounts were told.',
  run: async (args, door) => {
    if (args.confirm && args.member === undefined) throw stop('badLine', 'A confirmation names one member; write berth admin recheck mika --confirm.')
    return { accounts: await door.admin.recheck(args.member, args.confirm) }
  },
  say: ({ accounts }) => accounts.length === 1 ? `${accounts[0]} is looked up now.` : `${accounts.length} members are looked up now.`,
})
