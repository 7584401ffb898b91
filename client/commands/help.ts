import { defineCommand, places } from './command.ts'
import { word } from './values.ts'

export const help = defineCommand({
  name: 'help',
  summary: 'Shows the commands, or one of them.',
  who: 'anyone',
  arguments: { command: places(word('COMMAND', 'lend'), 'Which one.', (words) => ({ value: words })) },
  examples: ['help', 'help lend', 'help admin board'],
  answer: '`text`.',
})
