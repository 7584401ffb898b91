/**
 * Programs that Berth builds from Go modules of its own, once for this user: go.sum pins every source by checksum. An
 * official download is left out: its checksum could not be taken when this was written, and an unpinned download is worse
 * than a slow build.
 */
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { find } from './find.ts'
import { locked } from './locked.ts'

const run = promisify(execFile)

export interface GoProgram {
  /** For messages: 'Temporal server'. */
  readonly what: string
  readonly version: string
  /** Folder of go.mod and go.sum. */
  readonly module: string
  /** The main package: a path, or one that the module requires. */
  readonly package: string
  /** Where the program goes: see `cached`. */
  readonly target: string
  /** Of `go build`. */
  readonly flags: readonly string[]
  /** How long on a cold machine: 'about 4 minutes on 2 cores'. */
  readonly duration: string
  /** What helps as well where there is no Go, and goes on PATH: '`temporal` 1.8 or later'. */
  readonly instead?: string
}

export type Say = (line: string) => void

/** `$XDG_CACHE_HOME/berth/<name>-<version>/<program>`. */
export function cached(folder: string, program: string): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'berth', folder, program)
}

/** The program's path, built first if it is not there; `say` gets a line whenever there is progress. */
export async function goProgram(program: GoProgram, say: Say = () => {}): Promise<string> {
  if (existsSync(program.target)) return program.target
  await mkdir(dirname(program.target), { recursive: true, mode: 0o700 })
  // Without flock, two builds at once end in the same file by turns, each whole.
  const alone = find('flock') ? locked : <T>(_: string, act: () => Promise<T>) => act()
  const patience = setTimeout(() => say(`Waiting for another build of the ${program.what} on this machine.`), 2_000)
  await alone(`${program.target}.lock`, async () => {
    clearTimeout(patience)
    // Another may have built it while we waited.
    if (!existsSync(program.target)) await build(program, say)
  })
  return program.target
}

async function build(program: GoProgram, say: Say): Promise<void> {
  const go = await recentGo()
  if (!go) {
    throw new Error(`There is no ${program.what}. Put ${program.instead ? `${program.instead}, or ` : ''}Go 1.21 or later on PATH `
      + '(https://go.dev/dl), from which Berth builds it.')
  }
  say(`Building the ${program.what} ${program.version}: once on this machine, ${program.duration}.`)
  const unfinished = `${program.target}.${process.pid}`
  try {
    await compile(go, { ...program, target: unfinished }, say)
    await rename(unfinished, program.target)
  } finally {
    await rm(unfinished, { force: true })
  }
}

/** From 1.21 on, Go fetches the newer Go that go.mod asks for by itself. */
async function recentGo(): Promise<string | undefined> {
  const go = find('go', ['/usr/local/go/bin'])
  const { stdout } = go ? await run(go, ['env', 'GOVERSION']).catch(() => ({ stdout: '' })) : { stdout: '' }
  return Number(/^go1\.(\d+)/.exec(stdout)?.[1] ?? 0) < 21 ? undefined : go
}

async function compile(go: string, program: GoProgram, say: Say): Promise<void> {
  const child = spawn(go, ['build', '-v', '-mod=readonly', '-o', program.target, ...program.flags, program.package], {
    cwd: program.module, env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' }, stdio: ['ignore', 'ignore', 'pipe'],
  })
  let last = '', downloads = 0, packages = 0
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    for (const line of chunk.split('\n').filter(Boolean)) {
      if (line.startsWith('go: downloading')) downloads++
      else packages++
      last = line
    }
  })
  const began = Date.now()
  const progress = setInterval(() => {
    say(`  ${Math.round((Date.now() - began) / 1000)} s: ${downloads} modules fetched, ${packages} packages compiled`)
  }, 10_000)
  try {
    const code = await new Promise<number | null>((done, fail) => child.once('error', fail).once('close', done))
    if (code !== 0) throw new Error(`The build of the ${program.what} failed: ${last}`)
  } finally {
    clearInterval(progress)
  }
}

/** As a command of the set-up: has it ready, with progress, before anybody waits for it. */
export async function buildAsCommand(provide: (say: Say) => Promise<string>): Promise<void> {
  try {
    await provide((line) => console.error(line))
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 1
  }
}
