/** `berth` as a process of its own, with a home and a gateway of its own. */
import { spawn } from 'node:child_process'

export interface Child {
  readonly home: string
  readonly gateway: string
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
}

export function berthChild(words: readonly string[], { home, gateway, input = '', env = {} }: Child) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const child = spawn(process.execPath, ['client/main.ts', ...words], { env: { PATH: process.env['PATH'], HOME: home, BERTH_GATEWAY: gateway, ...env } })
    let out = '', err = ''
    child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString() })
    child.stderr.on('data', (chunk: Buffer) => { err += chunk.toString() })
    child.on('close', (code) => resolve({ code, out, err }))
    child.stdin.end(input)
  })
}
