/** Secrets in files of mode 600: read as the gateway reads them, and written whole or not at all. */
import { chmodSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { stop } from '../../refused.ts'
import { Trouble } from './check.ts'

/** Throws a refusal that says nothing of what is in it. */
export function readSecret(path: string): string {
  const secret = secretAt(path)
  if (secret === undefined) throw stop('badLine', `There is no file ${path}; write the secret alone into it, mode 600.`)
  return secret
}

/** Undefined when there is no such file. */
export function secretAt(path: string): string | undefined {
  let text: string
  try {
    // The roles refuse such a file too (`worker/keys`).
    if ((statSync(path).mode & 0o077) !== 0) throw stop('badLine', `${path} may be read by others; run: chmod 600 ${path}`)
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code !== undefined) throw stop('badLine', `${path} cannot be read (${code}); look at whose it is.`)
    throw error
  }
  if (text === '' || /\s/.test(text)) throw stop('badLine', `${path} holds ${text === '' ? 'nothing' : 'more than one word'}; write the secret alone into it.`)
  return text
}

/** Takes the place first, so that nothing is made that could not be kept. `over`: a file that is there is replaced. */
export async function keepSecret(path: string, { over, make }: { readonly over: boolean; readonly make: () => Promise<string> }): Promise<void> {
  const fresh = over ? `${path}.${process.pid}` : path
  try {
    writeFileSync(fresh, '', { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw new Trouble('files', 'bad', `${path} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'}); run this in a folder of yours.`)
  }
  try {
    chmodSync(fresh, 0o600)
    writeFileSync(fresh, `${await make()}\n`)
    if (over) renameSync(fresh, path)
  } catch (error) {
    rmSync(fresh, { force: true })
    throw error
  }
}
