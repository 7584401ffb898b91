import { defineCommand, flag, toggle } from '../command.ts'
import { count } from '../values.ts'
import { grid, printable } from '../words.ts'

export const sweep = defineCommand({
  name: 'admin sweep',
  summary: 'Compares what exists with what is lent, and removes what is left over if told to.',
  who: 'admin',
  changes: true,
  arguments: {
    enforce: toggle('Removes what is left over; without it the sweep only tells.'),
    'yes-remove': flag(count('COUNT', 100_000), 'Lets a sweep that stopped remove so many things, or fewer.'),
  },
  examples: ['admin sweep', 'admin sweep --enforce', 'admin sweep --enforce --yes-remove 12'],
  answer: 'The `sentence`, the table of `findings`, what was `removed`, and `asks` when it stopped.',
  run: ({ enforce, 'yes-remove': yesRemove }, door) => door.admin.sweep({ enforce, ...(yesRemove !== undefined && { yesRemove }) }),
  say: ({ sentence, findings, more, silent }) => [
    sentence,
    ...findings.length > 0 ? [grid([['', 'WHAT', 'WHICH', 'WHY'], ...findings.map((one) => [one.verdict, one.what, one.object, one.why])])] : [],
    ...more > 0 ? [`and ${more} more`] : [],
    ...silent,
  ].map(printable).join('\n'),
})
