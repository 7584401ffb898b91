/** A line as it was typed behind the slash command. */
import type { Linked, Quiet } from '../../../workflows/link/terms.ts'
import { parseLine } from '../../commands/line.ts'
import { sayHours } from '../../commands/quiet.ts'
import { createHelp, noCommand } from './help.ts'
import type { ChatNeeds, From } from './needs.ts'
import { refusedReply, type Reply } from './reply.ts'
import { mayAdmin, run } from './run.ts'
import { sealContext } from './seal.ts'
import { askerOf } from './who.ts'

const linkMs = 10 * 60_000

export type Perform = (from: From, line: string) => Promise<Reply>

export function createPerform(needs: ChatNeeds): Perform {
  const { links, options, settings, chatSeals } = needs, help = createHelp(needs)

  async function perform(from: From, line: string): Promise<Reply> {
    const parsed = parseLine(line, from.unwrap)
    if ('refusal' in parsed) return refusedReply(parsed.refusal)
    const { command, args } = parsed
    from.noted.command = command.name
    if (command.name === 'help') return help(args['command'] as readonly string[], from.user)
    if (command.name === 'link') return link(from, args['code'] as string | undefined)
    if (command.name === 'unlink') return unlink(from)
    const asker = await askerOf(from, needs)
    if (asker?.who.answered) return asker.who.answered
    if (!asker) return beginLink(from, line)
    if (command.who === 'admin' && !mayAdmin(asker, needs)) throw noCommand(command.name.split(' ')[0]!)
    if (command.name === 'quiet') return quiet(from, args['hours'] as Quiet | 'off' | undefined, asker.who.quiet)
    return run(command, args, { asker, from, line, needs })
  }

  async function link(from: From, code: string | undefined): Promise<Reply> {
    if (code === undefined) return beginLink(from, undefined)
    const { linked, line } = await links.finish(from.user, code.toLowerCase().replace(/[^a-z0-9]/g, ''), from.requestId)
    return goOn(from, linked, line)
  }

  /** Where the platform itself says whose it is, and that counts, the line goes on at once; else there is the page. */
  async function beginLink(from: From, line: string | undefined): Promise<Reply> {
    const { user, requestId: attempt } = from, until = options.now() + linkMs
    const linked = await links.begin(user, { attempt, until, ...(line !== undefined && { line }) })
    if (linked) return goOn(from, linked, line)
    const page = `${settings.url}/link/${sealContext(chatSeals, 'link', { attempt, who: user, exp: until })}`
    const after = line === undefined ? '' : ' What you typed goes on afterwards.'
    return { text: `Link your directory account first: open ${page} within ten minutes, sign in there, and type the code that it shows here.${after}` }
  }

  async function goOn(from: From, { uid }: Linked, line: string | undefined): Promise<Reply> {
    const done = `This chat account is linked to ${uid} now.`
    if (line === undefined || line.trim() === '') return { text: done }
    const reply = await perform(from, line)
    return { ...reply, text: `${done} ${reply.text}`.trim() }
  }

  async function unlink({ user }: From): Promise<Reply> {
    const linked = await links.unlink(user, 'the member')
    return { text: linked ? `This chat account is no longer linked to ${linked.uid}. Your leases stay as they are.` : 'This chat account was not linked.' }
  }

  async function quiet({ user }: From, hours: Quiet | 'off' | undefined, before: Quiet | undefined): Promise<Reply> {
    if (hours === undefined) return { text: sayHours(before) }
    const now = hours === 'off' ? undefined : hours
    await links.quiet(user, now)
    return { text: sayHours(now) }
  }

  return perform
}
