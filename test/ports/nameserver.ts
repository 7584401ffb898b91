/** A real nameserver for a test, in a folder of its own, that can be killed and started again where it was. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TsigKey } from '../../activities/rfc2136/tsig.ts'
import { startKnot } from '../../worker/embedded/knot.ts'
import { startNamed } from '../../worker/embedded/named.ts'

export type ServerKind = 'knot' | 'bind'

export interface TestNameserver {
  readonly kind: ServerKind
  readonly zone: string
  readonly server: { readonly host: string; readonly port: number }
  readonly key: TsigKey
  /** Kills it with -9. */
  kill(): Promise<void>
  /** Starts it again on its folder and port. */
  start(): Promise<void>
  /** Stops it and removes its folder. */
  [Symbol.asyncDispose](): Promise<void>
}

export async function startNameserver(kind: ServerKind): Promise<TestNameserver> {
  const dir = await mkdtemp(join(tmpdir(), `berth-${kind}-`)), zone = 'site1.lease.test'
  const key: TsigKey = { name: 'site1-key', algorithm: 'hmac-sha256', secret: randomBytes(32) }
  const options = { dir, zones: [zone], key: { name: key.name, secret: key.secret.toString('base64') } }
  const begin = kind === 'knot' ? startKnot : startNamed
  let running = await begin(options)
  const { address, port } = running
  return {
    kind, zone, server: { host: address, port }, key,
    kill: () => running.kill(),
    async start() {
      running = await begin({ ...options, port })
    },
    async [Symbol.asyncDispose]() {
      await running.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
