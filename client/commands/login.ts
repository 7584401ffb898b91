import { defineCommand, maybe, toggle } from './command.ts'
import { word } from './values.ts'

/** There is no argument for the password: what stands in an argv, every user of the machine can read. */
export const login = defineCommand({
  name: 'login',
  summary: 'Signs you in with the password of your organisation.',
  who: 'anyone',
  where: 'terminal',
  arguments: {
    member: maybe(word('MEMBER', 'mika'), 'Who you are in the directory; without it, it is asked.'),
    'password-stdin': toggle('Reads the password from standard input; without it, it is asked and not shown.'),
  },
  examples: ['login mika', 'login mika --password-stdin < secret'],
  answer: '`uid`, and until when you are signed in.',
})
