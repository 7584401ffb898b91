/** One command line, from words to an exit code. Everything of the process it touches comes in through `Io`. */
import { refusalClass, type Refusal } from '../../workflows/refusals.ts'
import { createBerth, safeGateway, Unexpected, type Berth } from '../berth.ts'
import type { Command } from '../commands/command.ts'
import { exitOf, unexpectedExit } from '../commands/exits.ts'
import { findCommand, parse, type Globals } from '../commands/parse.ts'
import { tableOf } from '../commands/table.ts'
import { overview, usage } from '../commands/usage.ts'
import { printable } from '../commands/words.ts'
import { Refused } from '../refused.ts'
import { propose, proposeWord, scripts } from './complete.ts'
import { configure, trust } from './configure.ts'
import { followSteps } from './follow.ts'
import type { Io } from './io.ts'
import { writeKubeconfig } from './kube.ts'
import { askFor, readPassword } from './password.ts'
import { isSetup, setUp } from './setup/setup.ts'
import { fileTokens } from './tokens.ts'

export async function runCli(words: readonly string[], io: Io): Promise<number> {
  if (words[0] === proposeWord) {
    io.out(propose(words.slice(1)).map((word) => `${word}\n`).join(''))
    return 0
  }
  if (words.length === 1 && words[0] === '--version') {
    io.out(`${io.version}\n`)
    return 0
  }
  const parsed = parse(words)
  const { globals } = parsed
  if ('refusal' in parsed) return refusedExit(parsed.refusal, { globals, io })
  try {
    return await perform(parsed.command, { ...parsed, io })
  } catch (error) {
    if (error instanceof Refused) return refusedExit(error.refusal, { globals, io })
    // Neither a stack nor a message of somebody else's library.
    const { message, requestId } = error instanceof Unexpected ? error : { message: 'Something went wrong in berth itself; BERTH_DEBUG=1 shows where.', requestId: undefined }
    if (io.env['BERTH_DEBUG'] === '1' && error instanceof Error) io.err(`${error.stack}\n`)
    return fail({ kind: 'unexpected', class: 'unexpected', sentence: message, ...(requestId !== undefined && { requestId }) }, { globals, io, exit: unexpectedExit })
  }
}

type Told = { readonly globals: Globals; readonly io: Io }

const refusedExit = (refusal: Refusal, told: Told): number =>
  fail({ ...refusal, class: refusalClass[refusal.kind] }, { ...told, exit: exitOf(refusal.kind) })

function fail(error: { readonly kind: string; readonly class: string; readonly sentence: string; readonly requestId?: string }, { globals, io, exit }: Told & { exit: number }): number {
  if (globals.json) io.out(`${JSON.stringify({ error })}\n`)
  else io.err(`${printable(error.sentence)}\n`)
  return exit
}

type Line = { readonly given: Readonly<Record<string, unknown>>; readonly args: Readonly<Record<string, unknown>>; readonly globals: Globals; readonly io: Io }

async function perform(command: Command, line: Line): Promise<number> {
  const { io, globals, args } = line
  const tell = (answer: unknown, text: string) => {
    io.out(globals.json ? `${JSON.stringify(answer)}\n` : `${printable(text)}\n`)
    return 0
  }
  if (command.name === 'help') {
    const text = helpText(args['command'] as readonly string[])
    return tell({ text }, text)
  }
  if (command.name === 'completion') {
    const text = scripts[args['shell'] as keyof typeof scripts]
    return globals.json ? tell({ text }, text) : (io.out(text), 0)
  }
  if (isSetup(command.name)) return setUp(command.name, { args, io, json: globals.json })
  const { gateway, ca } = configure(io.env, globals.gateway)
  const tokens = fileTokens(io.env, safeGateway(gateway).href)
  if (ca !== undefined) trust(ca)
  const berth = createBerth({ gateway, tokens })
  if (command.name === 'login') {
    const { uid, refreshUntil } = await login(berth, line)
    return tell({ uid, until: refreshUntil }, `You are signed in as ${uid}.`)
  }
  if (command.name === 'logout') {
    const out = await berth.logout()
    return tell({ uid: out?.uid ?? null }, out ? `${out.uid} is signed out everywhere.` : 'You were not signed in.')
  }
  if (command.name === 'kube') {
    await writeKubeconfig(berth, line)
    return 0
  }
  const answer = await berth.run(command.name, line.given)
  if (command.name === 'lend') return followSteps(berth, answer, line)
  return tell(answer, command.say?.(answer) ?? '')
}

function helpText(words: readonly string[]): string {
  if (words.length === 0) return overview(tableOf('terminal'))
  // A family of commands, like `admin`, is shown whole.
  const family = tableOf('terminal').filter(({ name }) => name.startsWith(`${words.join(' ')} `))
  if (family.length > 0) return family.map(usage).join('\n\n')
  const command = findCommand(words)
  if ('refusal' in command) throw new Refused(command.refusal)
  return usage(command)
}

async function login(berth: Berth, { args, io }: Line) {
  const asking = { keyboard: io.keyboard, write: io.err }
  const fromStdin = args['password-stdin'] === true
  const given = args['member'] as string | undefined
  if (fromStdin && given === undefined) throw new Refused({ kind: 'badLine', sentence: 'Who are you? Write berth login MEMBER --password-stdin.' })
  const member = given ?? (await askFor('Name: ', { ...asking, show: true })).trim()
  const password = fromStdin ? await readPassword(io.keyboard) : await askFor(`Password of ${member}: `, { ...asking, show: false })
  return berth.login(member, password)
}
