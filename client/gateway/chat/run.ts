/** Runs a command of the table for a member who asks by chat. */
import { createHash } from 'node:crypto'
import { refusalClass } from '../../../workflows/refusals.ts'
import { stop } from '../../refused.ts'
import type { Command } from '../../commands/command.ts'
import type { Door } from '../../commands/door.ts'
import { inZone } from '../../commands/words.ts'
import { createDoor } from '../door.ts'
import { asRefusal } from '../failures.ts'
import type { ChatNeeds, From } from './needs.ts'
import { refusedReply, replyOf, type Reply } from './reply.ts'
import type { Asker } from './who.ts'

export interface Running {
  readonly asker: Asker
  readonly from: From
  /** Of what is asked for, where that is not the request itself: the same button pressed twice. */
  readonly requestId?: string
  /** As it was typed: the same one within 10 s means the same lease. */
  readonly line?: string
  /** One that has been asked already, for what it knows by now. */
  readonly door?: Door
}

/** Nobody while the directory is away. */
export const mayAdmin = ({ person }: Asker, { isAdmin }: Pick<ChatNeeds, 'isAdmin'>): boolean => person !== undefined && isAdmin(person)

export async function run(command: Command, args: Readonly<Record<string, unknown>>, { needs, ...of }: Running & { readonly needs: ChatNeeds }): Promise<Reply> {
  const { asker, from } = of, { updates, options } = needs
  Object.assign(from.noted, { member: asker.uid, command: command.name })
  const answer = async (): Promise<Reply> => {
    const done = await command.run?.(args, of.door ?? doorOf(of, needs))
    return replyOf(inZone(asker.who.timeZone, () => command.say?.(done) ?? ''))
  }
  if (command.changes !== true) return answer()
  const leave = updates.enter(asker.uid)
  if (!leave) throw stop('slowDown', `You have ${options.inFlight} requests under way; wait for one of them and try again.`)
  try {
    return await kept(from, answer, needs)
  } finally {
    leave()
  }
}

/** Its link remembers what was answered, also a "no": delivered again, or replayed, it is answered the same. */
async function kept({ user, requestId: request }: From, answer: () => Promise<Reply>, { links }: ChatNeeds): Promise<Reply> {
  const reply = await answer().catch((error: unknown) => {
    const refusal = asRefusal(error)
    if (!refusal || refusalClass[refusal.kind] === 'try later') throw error
    return refusedReply(refusal)
  })
  void links.answered(user, { request, ...reply })
  return reply
}

export function doorOf({ asker, from, requestId = from.requestId, line }: Running, needs: ChatNeeds): Door {
  const { accounts, sessions, temporal, seals, options } = needs
  let asked: ReturnType<typeof accounts.desk> | undefined, proof: Promise<void> | undefined
  return createDoor({ temporal, accounts, seals, options, knows: (uid) => sessions.knows(uid), about: (workflow) => { from.noted.workflow = workflow } }, {
    member: asker.uid, requestId, ...(line !== undefined && { line: createHash('sha256').update(line).digest('base64url') }),
    desk: () => asked ??= accounts.desk(asker.uid),
    proveAdmin: () => proof ??= sessions.person(asker).then((person) => {
      if (!needs.isAdmin(person)) throw stop('notAdmin', 'Only admins of Berth may do this; ask one of them.')
    }),
  })
}
