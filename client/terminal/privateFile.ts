/** A file that only its owner may read, written whole or not at all. */
import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs'

export function writePrivate(path: string, text: string): void {
  const fresh = `${path}.${process.pid}`
  try {
    writeFileSync(fresh, text, { mode: 0o600, flag: 'wx' })
    chmodSync(fresh, 0o600)
    renameSync(fresh, path)
  } finally {
    rmSync(fresh, { force: true })
  }
}
