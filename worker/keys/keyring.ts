/** Key files: named secrets, the current one first in use, retired ones kept until their last use and retention are over. */
import { randomBytes } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'

export interface Keyring {
  readonly current: string
  /** Key id → 32 bytes. */
  readonly keys: ReadonlyMap<string, Buffer>
}

/**
 * Reads `{"current": "2026a", "keys": {"2026a": "<32 bytes, base64>"}}`. Refuses a file that others may read, an unknown
 * current key, and keys of another length; it never makes a key.
 */
export function readKeyring(file: string): Keyring {
  const { mode } = statSync(file)
  if ((mode & 0o077) !== 0) throw new Error(`${file} may be read by others; run: chmod 600 ${file}`)
  return parseKeyring(readFileSync(file, 'utf8'), file)
}

export function parseKeyring(text: string, file: string): Keyring {
  const read = JSON.parse(text) as { current?: unknown; keys?: Record<string, unknown> }
  const keys = new Map<string, Buffer>()
  for (const [id, secret] of Object.entries(read.keys ?? {})) {
    const bytes = typeof secret === 'string' ? Buffer.from(secret, 'base64') : Buffer.alloc(0)
    if (!/^[a-zA-Z0-9-]{1,32}$/.test(id)) throw new Error(`${file}: a key's id has letters, digits and hyphens; ${JSON.stringify(id)} has not.`)
    if (bytes.length !== 32) throw new Error(`${file}: key ${id} needs 32 bytes in base64; make one with: openssl rand -base64 32`)
    keys.set(id, bytes)
  }
  if (typeof read.current !== 'string' || !keys.has(read.current)) throw new Error(`${file}: "current" must name one of "keys".`)
  return { current: read.current, keys }
}

/** A new key file, for the demo and for tests alone. */
export function makeKeyFile(file: string): Keyring {
  const id = new Date().toISOString().slice(0, 10)
  writeFileSync(file, JSON.stringify({ current: id, keys: { [id]: randomBytes(32).toString('base64') } }), { mode: 0o600, flag: 'wx' })
  return readKeyring(file)
}

export const currentKey = ({ current, keys }: Keyring): Buffer => keys.get(current)!
