/** Secrets in files of mode 600: read as the gateway reads them, and written whole or not at all. */
import { chmodSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stop } from '../../refused.ts'
import { type Findings, Trouble } from './check.ts'

/** Throws a refusal that says nothing of what is in it. */
export function readSecret(path: string): string {
  const secret = secretAt(path)
  if (secret === undefined) throw stop('badLine', `There is no file ${path}; write the secret alone into it, mode 600.`)
  return secret
}

/** Undefined when there is no such file. */
function secretAt(path: string): string | undefined {
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
  const wrong = text === '' ? 'nothing' : /\s/.test(text) ? 'more than one word' : /[^!-~]/.test(text) ? 'letters that no secret has' : undefined
  if (wrong !== undefined) throw stop('badLine', `${path} holds ${wrong}; write the secret alone into it.`)
  return text
}

export interface Place {
  readonly folder: string
  readonly file: string
  /** A file that holds another secret is replaced. */
  readonly yes: boolean
}

interface Kept {
  readonly what: string
  /** Whether a secret that is there already is the right one. */
  readonly isRight: (kept: string) => boolean | Promise<boolean>
  /** It is made only where it can be kept. */
  readonly make: () => string | Promise<string>
  /** Before the file's name, once it is written. */
  readonly made: string
}

/** Answers with the file, which holds the right secret then. */
export async function keepSecret(findings: Findings, { folder, file, yes }: Place, { what, isRight, make, made }: Kept): Promise<string> {
  const path = join(folder, file), kept = secretAt(path)
  if (kept !== undefined && await isRight(kept)) {
    findings.add(what, 'good', `${file} holds it.`)
    return file
  }
  if (kept !== undefined && !yes) throw new Trouble(what, 'bad', `${file} holds another one; write --yes to put the right one in its place, or run this in another folder.`)
  await write(path, { over: kept !== undefined, make })
  findings.add(what, 'made', `${made} ${file} (mode 600).`)
  return file
}

/** Takes the place first, so that nothing is made that could not be kept. `over`: a file that is there is replaced. */
async function write(path: string, { over, make }: { readonly over: boolean; readonly make: Kept['make'] }): Promise<void> {
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
