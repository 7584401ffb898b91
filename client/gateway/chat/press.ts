/** A button of a card: whoever presses it is authorised again, and twice acts once. */
import type { ButtonContext } from '../../../workflows/link/terms.ts'
import { Refused, stop } from '../../refused.ts'
import type { Command } from '../../commands/command.ts'
import type { Door } from '../../commands/door.ts'
import { commandOf } from '../../commands/parse.ts'
import { readArguments } from '../../commands/read.ts'
import type { ChatNeeds, From } from './needs.ts'
import type { Reply } from './reply.ts'
import { doorOf, mayAdmin, run } from './run.ts'
import { openContext, sameUser } from './seal.ts'
import { linkedAsker } from './who.ts'

export async function press(from: From, sealed: unknown, needs: ChatNeeds): Promise<Reply> {
  const context = openContext(needs.chatSeals, 'button', { sealed, now: needs.options.now() })
  if (!context || context.who.platform !== from.user.platform || context.who.tenant !== from.user.tenant) {
    throw stop('badSeal', 'This button is not one of Berth’s, or is too old. Write: berth list')
  }
  const asker = await linkedAsker(from, needs)
  if (asker.who.answered) return asker.who.answered
  if (!sameUser(context.who, from.user) && !mayAdmin(asker, needs)) throw stop('notYours', 'Only whoever borrowed it may do this.')
  const command = commandOf(context.verb), running = { asker, from, ...(command.name !== 'logs' && { requestId: pressIdOf(context) }) }
  const door = doorOf(running, needs)
  if (context.verb === 'extend') await assertCurrent(context, door)
  return run(command, readOf(command, context.lease), { ...running, door, needs })
}

/**
 * The same for a double press. An extension is told by the end that it begins from, wherever it is pressed; anything else by
 * the showing of its button, for a lease may be paused and resumed twice with one end.
 */
const pressIdOf = ({ verb, lease, until, exp }: ButtonContext): string => `button-${verb}-${lease}-${verb === 'extend' ? until ?? 0 : exp}`.slice(0, 64)

async function assertCurrent({ lease, until }: ButtonContext, door: Door): Promise<void> {
  const found = await door.find(lease)
  const now = found.ending ? undefined : (await door.status(found.leaseId)).until
  if (now !== undefined && until !== undefined && now !== until) throw stop('over', `${found.name} has another end by now; look at its card.`)
}

function readOf(command: Command, lease: string): Readonly<Record<string, unknown>> {
  const read = readArguments(command, { lease })
  if ('refusal' in read) throw new Refused(read.refusal)
  return read.value
}
