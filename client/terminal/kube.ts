/** `kube`: the kubeconfig goes into a file, and nothing of it onto the screen unless it is asked for. */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Berth } from '../berth.ts'
import { kube, type KubeAnswer } from '../commands/kube.ts'
import type { Globals } from '../commands/parse.ts'
import { printable } from '../commands/words.ts'
import { stop } from '../refused.ts'
import { type Environment, xdg } from './configure.ts'
import type { Io } from './io.ts'
import { writePrivate } from './privateFile.ts'

interface Line {
  readonly given: Readonly<Record<string, unknown>>
  readonly io: Io
  readonly globals: Globals
}

export async function writeKubeconfig(berth: Berth, { given: { out, ...given }, io, globals: { json } }: Line): Promise<void> {
  const answer = await berth.run('kube', given) as KubeAnswer
  const said = printable(kube.say!(answer))
  if (answer.ended) return io.out(json ? `${JSON.stringify(answer)}\n` : `${said}\n`)
  const { kubeconfig, ...rest } = answer
  if (out === '-') {
    if (json) return io.out(`${JSON.stringify(answer)}\n`)
    io.err(`${said}\n`)
    return io.out(kubeconfig)
  }
  const file = typeof out === 'string' ? resolve(out) : usualFile(io.env, rest.site)
  write(file, kubeconfig)
  io.out(json ? `${JSON.stringify({ ...rest, file })}\n` : `${said}\nexport KUBECONFIG=${quoted(file)}\n`)
}

/** The site's name comes from the gateway: it names no folder here. */
function usualFile(env: Environment, site: string): string {
  const folder = join(xdg(env, 'CONFIG'), 'berth')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return join(folder, `kube-${site.replace(/[^A-Za-z0-9-]/g, '_')}.yaml`)
}

function write(file: string, text: string): void {
  try {
    writePrivate(file, text)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw stop('badLine', `${file} cannot be written (${code ?? String(error)}). Write to another place with --out FILE, and end what was just given with: berth kube --revoke`)
  }
}

/** For a shell. */
const quoted = (path: string): string => /^[\w./@%+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
