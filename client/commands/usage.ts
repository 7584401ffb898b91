/** How a command is written: its usage line, and its help. */
import type { Argument, Command } from './command.ts'
import { exitHelp } from './exits.ts'

/** `berth lend IMAGE [--name NAME] [--port PORT]…` */
export function usageLine(command: Command): string {
  const parts = Object.entries(command.arguments).map(([name, argument]) => {
    const shown = spelled(name, argument)
    const optional = argument.required ? shown : `[${shown}]`
    return argument.many && argument.as !== 'rest' ? `${optional}…` : optional
  })
  return ['berth', command.name, ...parts].join(' ')
}

function spelled(name: string, argument: Argument): string {
  if (argument.as === 'place') return argument.value.label
  if (argument.as === 'switch') return `--${name}`
  return argument.as === 'rest' ? `--${name} ${argument.value.label}…` : `--${name} ${argument.value.label}`
}

export function usage(command: Command): string {
  const rows = Object.entries(command.arguments).map(([name, argument]) => [
    spelled(name, argument), argument.value.choices ? `${argument.summary} One of ${argument.value.choices.join(', ')}.` : argument.summary,
  ] as const)
  return [
    usageLine(command), '', command.summary,
    ...command.who === 'admin' ? ['Only for admins of Berth.'] : [],
    ...rows.length > 0 ? ['', ...columns(rows)] : [],
    '', 'For example:', ...command.examples.map((example) => `  berth ${example}`),
  ].join('\n')
}

/** Every command in a line each, and what all of them share. */
export function overview(commands: readonly Command[]): string {
  const line = (command: Command) => [command.name, command.summary] as const
  const isSetup = ({ name }: Command) => name.startsWith('gateway ')
  return [
    'Berth lends containers, for a time.', '',
    ...columns(commands.filter((one) => one.who !== 'admin' && !isSetup(one)).map(line)), '',
    'For admins:', ...columns(commands.filter((one) => one.who === 'admin').map(line)), '',
    'For whoever sets a gateway up:', ...columns(commands.filter(isSetup).map(line)), '',
    'With every command:', ...columns([
      ['--json', 'Answers as one JSON object on one line (lend: one per step).'],
      ['--gateway URL', 'The gateway; else BERTH_GATEWAY, else `gateway` in berth/config.json below XDG_CONFIG_HOME.'],
      ['--help', 'Shows how the command is written.'],
    ]), '',
    'Exit codes:', ...columns(exitHelp), '',
    'berth help COMMAND tells more about one of them.',
  ].join('\n')
}

/** Short, for a chat: each as one types it, only of what the reader may do. */
export const chatOverview = (commands: readonly Command[]): string =>
  [...columns(commands.map(({ examples, summary }) => [`/berth ${examples[0]}`, summary] as const)), '', '/berth help COMMAND tells more about one of them.'].join('\n')

/** Two columns, aligned. */
export function columns(rows: readonly (readonly [string, string])[]): string[] {
  const wide = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(wide)}  ${right}`)
}
