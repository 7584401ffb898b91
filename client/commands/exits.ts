/** Exit codes: what a script may do next follows from the class of the refusal. */
import { refusalClass, type RefusalClass, type RefusalKind } from '../../workflows/refusals.ts'

const exits = {
  misuse: 2,
  refused: 3,
  'not found': 4,
  'try later': 5,
  'not signed in': 6,
} as const satisfies Record<RefusalClass, number>

export const unexpectedExit = 1

export const exitOf = (kind: RefusalKind): number => exits[refusalClass[kind]]

export const exitHelp: readonly (readonly [string, string])[] = [
  ['0', 'Done.'],
  ['1', 'Something went wrong in Berth itself; an admin finds it by its request id.'],
  ['2', 'The line was wrong: write it differently.'],
  ['3', 'Refused: the rules, the quota or the state of things forbid it.'],
  ['4', 'Not found.'],
  ['5', 'Something is away or busy: try the same again later.'],
  ['6', 'Not signed in: berth login.'],
]
