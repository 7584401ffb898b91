/** `berth` as a process of its own, with a home and a gateway of its own. */
import { compileCache } from '../../worker/compileCache.ts'
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'

export interface Child {
  readonly home: string
  readonly gateway: string
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

export function berthChild(words: readonly string[], { home, gateway, input = '', env = {}, cwd }: Child) {
  return new Promise<{ code: number | null; out: string; err: string }>((done) => {
    const child = spawn(process.execPath, [resolve('client/main.ts'), ...words], { env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compileCache(), HOME: home, BERTH_GATEWAY: gateway, ...env }, cwd })
    let out = '', err = ''
    child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString() })
    child.stderr.on('data', (chunk: Buffer) => { err += chunk.toString() })
    child.on('close', (code) => done({ code, out, err }))
    child.stdin.end(input)
  })
}
