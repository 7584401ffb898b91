import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { need } from '../../worker/embedded/find.ts'

/** The three shells themselves, without anybody's settings; in bash and zsh the Tab key is pressed in a terminal. */
let home = ''
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'berth-complete-'))
  writeFileSync(join(home, 'berth'), `#!/bin/sh\nexec "${process.execPath}" "${resolve('client/main.ts')}" "$@"\n`, { mode: 0o755 })
  mkdirSync(join(home, 'functions'))
  writeFileSync(join(home, 'functions/_berth'), berth('completion', 'zsh'))
  mkdirSync(join(home, '.config/fish/completions'), { recursive: true })
  writeFileSync(join(home, '.config/fish/completions/berth.fish'), berth('completion', 'fish'))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

function run(program: string, args: string[]): string {
  const { stdout, stderr, status, error } = spawnSync(program, args, {
    cwd: home, encoding: 'utf8', timeout: 40_000, env: { HOME: home, TERM: 'xterm', PATH: `${home}:${process.env['PATH'] ?? ''}` },
  })
  if (error) throw error
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout
}

const berth = (...words: string[]) => run(join(home, 'berth'), words)

/** Types into an interactive shell (zsh has terminals built in), and answers with its command line after Tab. */
function tab(shell: string, { settings, typed }: { settings: string; typed: string }): string | undefined {
  writeFileSync(join(home, 'settings'), settings)
  // Words that must not be found in the echo of what was typed are put together from two.
  const driver = `
    zmodload zsh/zpty
    zpty it "exec ${shell}"
    zpty -w it "PS1= ; source ./settings; echo REA''DY"
    zpty -r it seen '*READY*' || exit 3
    zpty -w -n it ${`$'${typed}\\t\\C-x'`}
    zpty -r it seen '*<LINE:*>*' || exit 4
    print -r -- $seen`
  return /<LINE:(.*)>/.exec(run(need('zsh', 'zsh'), ['-f', '-c', driver]))?.[1]
}

const inBash = (typed: string) => tab('bash --norc --noprofile -i', { typed, settings: `source <(berth completion bash)
show() { printf '<LINE:%s>\\n' "$READLINE_LINE"; }
bind -x '"\\C-x": show'
` })
const inZsh = (load: string) => (typed: string) => tab('zsh -f -i', { typed, settings: `${load}
show() { print -r -- "<LINE:$BUFFER>" }
zle -N show
bindkey '^X' show
` })
const sourced = inZsh('autoload -Uz compinit && compinit -u -D; source <(berth completion zsh)')
const fromFolder = inZsh('fpath=($HOME/functions $fpath); autoload -Uz compinit && compinit -u -D')
/** Fish completes a line without a terminal too. It loads the file by itself. */
const inFish = (typed: string) => run(need('fish', 'fish'), ['-c', `complete -C '${typed}'`]).trim()

describe.each([
  ['bash', inBash], ['zsh, sourced', sourced], ['zsh, from a folder of functions', fromFolder],
] as const)('in %s', (_, line) => {
  test.each([['berth le', 'berth lend'], ['berth lend nginx --na', 'berth lend nginx --name']])('%s becomes %s', (typed, whole) => {
    expect(line(typed)).toBe(`${whole} `)
  })

  test('what nothing is proposed for stays as it is', () => {
    expect(line('berth status no-such-lea')).toBe('berth status no-such-lea')
  })
})

describe('in fish', () => {
  test.each([['berth le', 'lend'], ['berth lend nginx --na', '--name'], ['berth status no-such-lea', '']])('%s is completed by %j', (typed, word) => {
    expect(inFish(typed)).toBe(word)
  })
})
