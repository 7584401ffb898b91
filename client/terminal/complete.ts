/** Shell completion: one function proposes, three shells ask it. */
import type { Command } from '../commands/command.ts'
import type { shells } from '../commands/completion.ts'
import { named } from '../commands/parse.ts'
import { tableOf } from '../commands/table.ts'

/** What may stand where the last of these words is being typed; the words begin after the program's name. */
export function propose(words: readonly string[]): string[] {
  const typed = words.at(-1) ?? '', before = words.slice(0, -1)
  const command = named(before, tableOf('terminal'))
  return (command ? inside(command, before) : names(before)).filter((one) => one.startsWith(typed) && one !== '')
}

function names(before: readonly string[]): string[] {
  const first = before.length === 0 ? '' : `${before.join(' ')} `
  const next = tableOf('terminal').filter(({ name }) => name.startsWith(first)).map(({ name }) => name.slice(first.length).split(' ')[0] ?? '')
  return [...new Set(next)]
}

function inside(command: Command, before: readonly string[]): string[] {
  const given = before.slice(command.name.split(' ').length), last = given.at(-1)
  const argumentsOf = Object.entries(command.arguments)
  if (argumentsOf.some(([name, argument]) => argument.as === 'rest' && given.includes(`--${name}`))) return []
  const open = argumentsOf.find(([name, argument]) => argument.as === 'flag' && last === `--${name}`)
  if (open) return [...open[1].value.choices ?? []]
  if (command.name === 'help') return names(given)
  const flags = argumentsOf.filter(([name, argument]) => argument.as !== 'place' && (argument.many || !given.includes(`--${name}`))).map(([name]) => `--${name}`)
  const places = argumentsOf.filter(([, argument]) => argument.as === 'place').flatMap(([, argument]) => argument.value.choices ?? [])
  return [...given.length === 0 ? places : [], ...flags, '--json', '--help']
}

/** The word by which a shell asks the program; in no help, for nobody types it. */
export const proposeWord = '__propose'

export const scripts: Readonly<Record<(typeof shells)[number], string>> = {
  bash: `_berth() {
  local IFS=$'\\n'
  COMPREPLY=( $(berth ${proposeWord} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) )
}
complete -o default -F _berth berth
`,
  zsh: `#compdef berth
_berth() {
  local -a proposals
  proposals=( \${(f)"$(berth ${proposeWord} "\${(@)words[2,CURRENT]}" 2>/dev/null)"} )
  if (( \${#proposals} )); then compadd -- $proposals; else _files; fi
}
if [ "\${funcstack[1]}" = "_berth" ]; then _berth; else compdef _berth berth; fi
`,
  fish: `function __berth_propose
  set -l words (commandline -opc) (commandline -ct)
  berth ${proposeWord} $words[2..-1] 2>/dev/null
end
complete -c berth -f -a '(__berth_propose)'
`,
}
