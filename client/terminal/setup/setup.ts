/** Set-up of a chat platform: done on an admin’s machine, without a token of Berth. */
import { printable } from '../../commands/words.ts'
import { configure, trust } from '../configure.ts'
import type { Io } from '../io.ts'
import { exitOfFindings } from './check.ts'
import { type MattermostArgs, setUpMattermost } from './mattermost.ts'
import { setUpSlack, type SlackArgs } from './slack.ts'

interface Line {
  readonly args: Readonly<Record<string, unknown>>
  readonly io: Io
  readonly json: boolean
}

export const isSetup = (name: string): boolean => name.startsWith('gateway setup ')

export async function setUp(name: string, { args, io, json }: Line): Promise<number> {
  const { ca } = configure(io.env, args['url'] as string)
  if (ca !== undefined) trust(ca)
  const { answer, text, findings } = await (name === 'gateway setup slack' ? setUpSlack(args as unknown as SlackArgs) : setUpMattermost(args as unknown as MattermostArgs))
  io.out(json ? `${JSON.stringify(answer)}\n` : `${printable(text)}\n`)
  return exitOfFindings(findings)
}
