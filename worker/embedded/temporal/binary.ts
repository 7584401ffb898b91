/**
 * Where the Temporal server's program comes from: `temporal` on PATH (1.8 or later), then this user's cache, then a build
 * from the Go module beside this file, whose go.sum pins every source by checksum. The official download is left out:
 * its checksum could not be taken when this was written, and an unpinned download is worse than a slow build.
 */
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { find } from '../find.ts'

/** The version that go.mod builds. */
export const version = '1.8.2'
const program = 'github.com/temporalio/cli/cmd/temporal'
const run = promisify(execFile)

/** `$XDG_CACHE_HOME/berth/temporal-<version>/temporal`. */
export function cachedBinary(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'berth', `temporal-${version}`, 'temporal')
}

/** The program's path, built first if need be; `say` gets a line whenever there is progress. */
export async function temporalBinary(say: (line: string) => void = () => {}): Promise<string> {
  const onPath = find('temporal')
  if (onPath && await isRecent(onPath)) return onPath
  const cached = cachedBinary()
  if (!existsSync(cached)) await build(cached, say)
  return cached
}

async function isRecent(path: string): Promise<boolean> {
  const { stdout } = await run(path, ['--version'], { timeout: 10_000 }).catch(() => ({ stdout: '' }))
  const [, major, minor] = /temporal version (\d+)\.(\d+)/.exec(stdout) ?? []
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 8)
}

async function build(target: string, say: (line: string) => void): Promise<void> {
  const go = find('go', ['/usr/local/go/bin'])
  const { stdout } = go ? await run(go, ['env', 'GOVERSION']).catch(() => ({ stdout: '' })) : { stdout: '' }
  // From 1.21 on, Go fetches the newer Go that go.mod asks for by itself.
  if (!go || Number(/^go1\.(\d+)/.exec(stdout)?.[1] ?? 0) < 21) {
    throw new Error('There is no Temporal server. Put `temporal` 1.8 or later on PATH (https://temporal.io/setup/install-temporal-cli), '
      + 'or Go 1.21 or later (https://go.dev/dl), from which Berth builds it.')
  }
  say(`Building the Temporal server ${version}: once on this machine, about 4 minutes on 2 cores.`)
  await mkdir(join(target, '..'), { recursive: true, mode: 0o700 })
  const unfinished = `${target}.${process.pid}`
  try {
    await compile(go, unfinished, say)
    await rename(unfinished, target)
  } finally {
    await rm(unfinished, { force: true })
  }
}

async function compile(go: string, output: string, say: (line: string) => void): Promise<void> {
  const child = spawn(go, ['build', '-v', '-mod=readonly', '-o', output,
    '-ldflags', `-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=${version}`, program], {
    cwd: import.meta.dirname, env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' }, stdio: ['ignore', 'ignore', 'pipe'],
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
    if (code !== 0) throw new Error(`The build of the Temporal server failed: ${last}`)
  } finally {
    clearInterval(progress)
  }
}

// As a command of the set-up: has it ready, with progress, before anybody waits for it.
if (process.argv[1] === import.meta.filename) {
  try {
    await temporalBinary((line) => console.error(line))
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 1
  }
}
