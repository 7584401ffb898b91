/** The CLI as a member has it: the program itself in a process of its own, which knows the gateway and nothing else. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { compileCache } from '../compileCache.ts'

const program = join(import.meta.dirname, '../../client/main.ts')

export interface CliAnswer {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface CliOptions {
  readonly gateway: string
  /** Keeps the tokens: one folder per member. */
  readonly home: string
  readonly input?: string
  /** Gets each line of output as it comes. */
  readonly onLine?: (line: string) => void
}

/** What another terminal needs to be this member. */
export const cliEnvironment = ({ gateway, home }: Pick<CliOptions, 'gateway' | 'home'>): Record<string, string> =>
  ({ BERTH_GATEWAY: gateway, XDG_STATE_HOME: join(home, 'state'), XDG_CONFIG_HOME: join(home, 'config') })

/** Runs `berth WORDS…`. It ends with us; no variable of ours but PATH reaches it. */
export function berth(words: readonly string[], options: CliOptions): Promise<CliAnswer> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [program, ...words], {
      env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compileCache(), HOME: options.home, ...cliEnvironment(options) }, stdio: ['pipe', 'pipe', 'pipe'],
    })
    let out = '', err = ''
    const lines = (stream: NodeJS.ReadableStream, add: (text: string) => void) => {
      let rest = ''
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        add(chunk)
        const parts = (rest + chunk).split('\n')
        rest = parts.pop()!
        for (const line of parts) options.onLine?.(line)
      })
    }
    lines(child.stdout, (text) => { out += text })
    lines(child.stderr, (text) => { err += text })
    child.on('error', fail).on('close', (code) => done({ code: code ?? -1, out, err }))
    child.stdin.on('error', () => {}).end(options.input)
  })
}
