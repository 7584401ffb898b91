import { defineCommand, maybe } from './command.ts'
import { word } from './values.ts'

export const link = defineCommand({
  name: 'link',
  summary: 'Links this chat account to your directory account; the page that it names shows a code, which finishes it.',
  who: 'anyone',
  where: 'chat',
  arguments: { code: maybe(word('CODE', 'k7f3-q2mx'), 'The code that the page has shown.') },
  examples: ['link', 'link k7f3-q2mx'],
  answer: 'A page to sign in at, or whom it is linked to.',
})
