import { defineCommand, maybe } from '../command.ts'
import { word } from '../values.ts'

export const recheck = defineCommand({
  name: 'admin recheck',
  summary: 'Asks the directory now about a member, or about all who hold something.',
  who: 'admin',
  arguments: { member: maybe(word('MEMBER', 'mika'), 'Only this member.') },
  examples: ['admin recheck', 'admin recheck mika'],
  answer: '`accounts`, the members whose accounts were told.',
  run: async (args, door) => ({ accounts: await door.admin.recheck(args.member) }),
  say: ({ accounts }) => accounts.length === 1 ? `${accounts[0]} is looked up now.` : `${accounts.length} members are looked up now.`,
})
