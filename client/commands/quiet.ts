import { sayQuiet, parseQuiet } from '../../workflows/rules/quiet.ts'
import type { Quiet } from '../../workflows/link/terms.ts'
import { defineCommand, maybe, type Value } from './command.ts'
import { quote } from './values.ts'

const hours: Value<Quiet | 'off'> = {
  label: 'HOURS', sample: '22:00-07:00', schema: { type: 'string', examples: ['22:00-07:00', 'off'] },
  read: (text) => {
    const read = text === 'off' ? text : parseQuiet(text)
    return read === undefined
      ? { refusal: { kind: 'badDuration', sentence: `${quote(text)} are no hours; write them like 22:00-07:00, or off.` } }
      : { value: read }
  },
}

export const quiet = defineCommand({
  name: 'quiet',
  summary: 'Sets hours of your day in which warnings that can wait do so; without hours, shows them.',
  who: 'member',
  where: 'chat',
  arguments: { hours: maybe(hours, 'From and to, in your time zone, or off.') },
  examples: ['quiet 22:00-07:00', 'quiet off'],
  answer: 'The hours.',
})

export const sayHours = (quiet: Quiet | undefined): string =>
  quiet ? `From ${sayQuiet(quiet)} only warnings that cannot wait are told here.` : 'There are no quiet hours.'
