/**
 * Ages of a container's terminals. The kernel stamps a terminal when something is typed (mtime) or shown (atime), to the
 * next 8 s, and its own clock is compared with.
 */
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

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
    return found ? [Math.max(0, now - Math.max(found.mtimeMs, found.atimeMs))] : []
  })
}
