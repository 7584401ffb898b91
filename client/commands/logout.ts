import { defineCommand } from './command.ts'

export const logout = defineCommand({
  name: 'logout',
  summary: 'Ends every sign-in of yours, on all machines.',
  who: 'member',
  where: 'terminal',
  arguments: {},
  examples: ['logout'],
  answer: '`uid` of who is signed out.',
})
