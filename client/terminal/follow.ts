/** After `lend`: the live steps until the lease is ready or over, and the exit code that this means. */
import type { Receipt } from '../../workflows/terms.ts'
import type { Berth } from '../berth.ts'
import { exitOf } from '../commands/exits.ts'
import { lend } from '../commands/lend.ts'
import type { Globals } from '../commands/parse.ts'
import type { Io } from './io.ts'
import { jsonSteps, liveSteps, plainSteps } from './steps.ts'

/** As a shell reports a program that Ctrl-C has ended. */
const interruptedExit = 130

export async function followSteps(berth: Berth, answer: unknown, { io, globals }: { readonly io: Io; readonly globals: Globals }): Promise<number> {
  const receipt = answer as Receipt
  const screen = { write: io.out, columns: io.columns }
  const steps = globals.json ? jsonSteps(screen) : io.columns === undefined ? plainSteps(screen) : liveSteps(screen)
  io.out(globals.json ? `${JSON.stringify({ event: 'receipt', ...receipt })}\n` : `${lend.say?.(receipt) ?? ''}\n`)
  try {
    for await (const event of berth.events(receipt.key, io.interrupted)) steps.show(event)
  } catch (error) {
    if (!io.interrupted.aborted) throw error
    io.err(`It goes on without you; berth status ${receipt.name} shows it, berth return ${receipt.name} gives it back.\n`)
    return interruptedExit
  }
  const { last } = steps
  if (last?.phase !== 'ended') return 0
  // Whoever returned it meanwhile has what was asked for.
  if (last.ending?.reason === 'returned') return 0
  return exitOf(last.ending?.refusal ?? 'over')
}
