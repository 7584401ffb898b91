/**
 * Ages of a container's terminals. The kernel stamps a terminal when something is typed or shown (atime, mtime), and at
 * most every 8 s (`tty_update_time`), so a stamp may be that much older than what it stands for.
 */
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const stampMs = 8_000

/** How long ago each was used; empty without one. Throws when the container's files cannot be seen. */
export function terminalAges(proc: string, pid: number, now = Date.now()): number[] {
  const folder = join(proc, String(pid), 'root/dev/pts')
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [] // an image without /dev/pts has no terminals
    throw error
  }
  return names.filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    const found = lstatSync(join(folder, name), { throwIfNoEntry: false })
    return found ? [Math.max(0, now - Math.max(found.mtimeMs, found.atimeMs) - stampMs)] : []
  })
}
