import { stop } from '../refused.ts'
import { defineCommand, flag, needed, place } from './command.ts'
import { duration, lease, moment, sentence } from './values.ts'

export const hold = defineCommand({
  name: 'hold',
  summary: 'Keeps a lease past its end and through idleness, until a date and for a reason.',
  who: 'admin',
  changes: true,
  arguments: {
    lease: place(lease, 'Its key, name, or label; anybody’s.'),
    until: flag(moment, 'Until when: a day, or a time with its zone.'),
    for: flag(duration, 'Or: how long from now.'),
    reason: needed(sentence('REASON', '"thesis runs over night"'), 'Why; its member sees it.'),
  },
  examples: ['hold web --for 2d --reason "thesis runs over night"', 'hold web --until 2027-01-31 --reason exam'],
  answer: '`until`, the new end, and a sentence.',
  run: async (args, door) => {
    const until = args.until ?? (args.for === undefined ? undefined : door.now() + args.for)
    if (until === undefined || (args.until !== undefined && args.for !== undefined)) {
      throw stop('badLine', 'A hold has one end; write --until 2027-01-31, or --for 2d.')
    }
    if (until <= door.now()) throw stop('badDuration', 'A hold ends in the future; write a later date.')
    return door.hold(await door.find(args.lease), { until, reason: args.reason })
  },
  say: (extended) => extended.sentence,
})
