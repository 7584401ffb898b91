/** Puts the wall up on this machine, and takes it down. Needs root and the `iptables` of the engine. */
import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { restoreText, type Wall } from './wall.ts'

/** Docker asks DOCKER-USER before its own rules, and leaves it alone when it restarts. */
const jumps = ({ through, inward }: Wall) => [['DOCKER-USER', through.chain], ['INPUT', inward.chain]] as const

/** Why the wall cannot stand here; undefined when it can. */
export function whyNoWall(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root'
  const found = (process.env['PATH'] ?? '').split(delimiter).some((folder) => canRun(join(folder, 'iptables')))
  return found ? undefined : 'there is no iptables'
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Idempotent: the chains are replaced, and hung in where they are missing. */
export async function raise(wall: Wall): Promise<void> {
  await run('iptables-restore', ['--wait', '10', '--noflush'], restoreText(wall))
  for (const [from, to] of jumps(wall)) {
    if (!await holds(['-C', from, '-j', to])) await run('iptables', ['--wait', '10', '-I', from, '1', '-j', to])
  }
}

/** Absent is success. */
export async function raze(wall: Wall): Promise<void> {
  for (const [from, to] of jumps(wall)) {
    while (await holds(['-C', from, '-j', to])) await run('iptables', ['--wait', '10', '-D', from, '-j', to])
  }
  for (const { chain } of [wall.through, wall.inward]) {
    if (!await holds(['-S', chain])) continue
    await run('iptables', ['--wait', '10', '-F', chain])
    await run('iptables', ['--wait', '10', '-X', chain])
  }
}

async function holds(args: readonly string[]): Promise<boolean> {
  return await run('iptables', ['--wait', '10', ...args]).then(() => true, () => false)
}

function run(command: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { timeout: 20_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`The wall: ${command} ${args.join(' ')}: ${stderr.trim() || error.message}`, { cause: error }))
      else resolve(stdout)
    })
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}
