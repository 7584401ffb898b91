/**
 * Where the Temporal server's program comes from: `temporal` on PATH (1.8 or later), then this user's cache, then a build
 * from the Go module beside this file.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { find } from '../find.ts'
import { buildAsCommand, cached, goProgram, type Say } from '../goBuild.ts'

/** The version that go.mod builds. */
export const version = '1.8.2'

/** `$XDG_CACHE_HOME/berth/temporal-<version>/temporal`. */
export const cachedBinary = (): string => cached(`temporal-${version}`, 'temporal')

/** The program's path, built first if need be; `say` gets a line whenever there is progress. */
export async function temporalBinary(say?: Say): Promise<string> {
  const onPath = find('temporal')
  if (onPath && await isRecent(onPath)) return onPath
  return goProgram({
    what: 'Temporal server', version, module: import.meta.dirname, package: 'github.com/temporalio/cli/cmd/temporal', target: cachedBinary(),
    flags: ['-ldflags', `-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=${version}`], duration: 'about 4 minutes on 2 cores',
    instead: '`temporal` 1.8 or later (https://temporal.io/setup/install-temporal-cli)',
  }, say)
}

async function isRecent(path: string): Promise<boolean> {
  const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 10_000 }).catch(() => ({ stdout: '' }))
  const [, major, minor] = /temporal version (\d+)\.(\d+)/.exec(stdout) ?? []
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 8)
}

if (process.argv[1] === import.meta.filename) await buildAsCommand(temporalBinary)
