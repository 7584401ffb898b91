/** Where a program is, without running it. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const sbin = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin']

/** The program's path: PATH first, then the system folders, for a user's PATH often lacks sbin. */
export function find(program: string, also: readonly string[] = []): string | undefined {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), ...sbin, ...also]) {
    if (!folder) continue
    const path = join(folder, program)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not here.
    }
  }
  return undefined
}

/** Like `find`, and says what to install. */
export function need(program: string, debianPackage: string): string {
  const path = find(program)
  if (!path) throw new Error(`${program} is missing. Install it with: apt-get install ${debianPackage}`)
  return path
}
