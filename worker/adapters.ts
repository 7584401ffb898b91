/** The only switch on technology: from the configuration to ports. */
import { readFileSync } from 'node:fs'
import { createDocker, type DockerRuntime } from '../activities/docker/docker.ts'
import { createLdapDirectory } from '../activities/ldap/directory.ts'
import { createMarks, type Marks } from '../activities/mark.ts'
import { createPolicy, type Policy } from '../activities/policy/policy.ts'
import { createRfc2136Names } from '../activities/rfc2136/names.ts'
import type { Seals } from '../client/gateway/seals.ts'
import type { Directory, Names } from '../workflows/ports.ts'
import type { Config } from './config.ts'
import { openText, sealText } from './keys/box.ts'
import { currentKey, type Keyring, readKeyring } from './keys/keyring.ts'
import { say } from './log.ts'

/** A part that the roles of this process need, as `checkConfig` has made sure. */
function needed<T>(part: T | undefined, what: string): T {
  if (part === undefined) throw new Error(`The configuration has no ${what}.`)
  return part
}

export const marksOf = (config: Config): Marks =>
  createMarks({ instance: config.instance, secret: currentKey(readKeyring(needed(config.keys.marks, 'keys.marks'))) })

export function directoryOf(config: Config): Directory {
  const { ca, ...directory } = needed(config.directory, 'directory')
  return createLdapDirectory({ ...directory, ...(ca !== undefined && { tls: { ca } }) })
}

export function policyOf(config: Config): Policy {
  return createPolicy({
    file: needed(config.policy, 'policy'), stateDir: config.state,
    report: (sentence) => say('warn', sentence),
  })
}

export function namesOf(config: Config, marks: Marks): Names & { close(): Promise<void> } {
  const zones = Object.fromEntries(Object.entries(needed(config.names, 'names')).map(([zone, at]) => [zone, {
    server: { host: at.server, port: at.port },
    key: { name: at.keyName, algorithm: 'hmac-sha256' as const, secret: Buffer.from(readFileSync(at.keyFile, 'utf8').trim(), 'base64') },
  }]))
  return createRfc2136Names({ zones, marks })
}

export function runtimeOf(config: Config, marks: Marks): DockerRuntime {
  const host = needed(config.host, 'host')
  return createDocker({
    engine: { socketPath: host.socket }, marks, host: host.name, address: host.address, range: host.range,
    control: host.control, wall: host.wall, listenMs: host.probeMs,
  })
}

const envBound = (key: string) => `berth/env ${key}`

/** The host role alone opens env values. */
export const openEnvWith = (ring: Keyring) => (sealed: string, key: string): Record<string, string> => {
  const text = openText(ring, sealed, envBound(key))
  if (text === undefined) throw new Error('The env values of this lease do not open: is the key file of host and gateway the same?')
  return JSON.parse(text) as Record<string, string>
}

/** Tokens have a key of their own; env values only go in here. */
export function sealsOf(tokens: Keyring, env: Keyring): Seals {
  return {
    sealToken: (text) => sealText(tokens, text, 'berth/token'),
    openToken: (sealed) => openText(tokens, sealed, 'berth/token'),
    sealEnv: (values, key) => sealText(env, JSON.stringify(values), envBound(key)),
  }
}
