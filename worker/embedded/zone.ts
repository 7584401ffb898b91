/** What the test and demo nameservers have in common. */
import { Resolver } from 'node:dns/promises'
import { existsSync, writeFileSync } from 'node:fs'
import type { Server } from './server.ts'

export interface NameserverOptions {
  /** Takes configuration, journal and log; must exist. */
  readonly dir: string
  /** Zones without a trailing dot. */
  readonly zones: readonly string[]
  /** TSIG, hmac-sha256: the name with or without a trailing dot, the secret in base64. */
  readonly key: { readonly name: string; readonly secret: string }
  readonly port?: number
}

export interface Nameserver extends Server {
  readonly address: '127.0.0.1'
  readonly port: number
}

export const keyName = ({ key }: NameserverOptions): string => key.name.replace(/\.?$/, '.')

/** An empty zone with a negative TTL of 1 s; a file that is there stays, for a restart goes on from it. */
export function writeZone(file: string, zone: string): void {
  if (existsSync(file)) return
  writeFileSync(file, [`$ORIGIN ${zone}.`, '$TTL 60', '@ SOA ns admin 1 3600 600 86400 1', '@ NS ns', 'ns A 127.0.0.1', ''].join('\n'))
}

/** Ready = a SOA query for each zone answers. */
export async function answersSoa(port: number, zones: readonly string[]): Promise<boolean> {
  const resolver = new Resolver({ timeout: 1_000, tries: 1 })
  resolver.setServers([`127.0.0.1:${port}`])
  await Promise.all(zones.map((zone) => resolver.resolveSoa(zone)))
  return true
}
