/** Tokens in a file that only its owner may read, written whole or not at all. */
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TokenStore } from '../berth.ts'
import type { Tokens } from '../gateway/tokens.ts'
import { stop } from '../refused.ts'
import { type Environment, xdg } from './configure.ts'
import { writePrivate } from './privateFile.ts'

/** One file for all gateways, each by its origin. */
export const tokenFile = (env: Environment): string => join(xdg(env, 'STATE'), 'berth', 'tokens.json')

export function fileTokens(env: Environment, gateway: string): TokenStore {
  const path = tokenFile(env), origin = new URL(gateway).origin
  return {
    read: () => readAll(path)[origin],
    write(tokens) {
      const { [origin]: _old, ...others } = readAll(path)
      writeAll(path, tokens ? { ...others, [origin]: tokens } : others)
    },
  }
}

function readAll(path: string): Record<string, Tokens> {
  let text: string
  try {
    if ((statSync(path).mode & 0o077) !== 0) throw stop('notSignedIn', `Others may read ${path}, so it is not used; remove it and sign in again with berth login.`)
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
  try {
    const all = JSON.parse(text) as unknown
    return typeof all === 'object' && all !== null && !Array.isArray(all) ? all as Record<string, Tokens> : {}
  } catch {
    return {}
  }
}

function writeAll(path: string, all: Record<string, Tokens>): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writePrivate(path, JSON.stringify(all))
}
