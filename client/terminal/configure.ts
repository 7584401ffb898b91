/** Where the gateway is, and whom to trust: flag, then environment, then file. */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import * as tls from 'node:tls'
import { stop } from '../refused.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Base directories (XDG Base Directory Specification): a value that is not absolute counts as none. */
export function xdg(env: Environment, which: 'CONFIG' | 'STATE'): string {
  const given = env[`XDG_${which}_HOME`]
  const home = env['HOME'] ?? homedir()
  return given?.startsWith('/') === true ? given : join(home, which === 'CONFIG' ? '.config' : '.local/state')
}

export interface Configuration {
  readonly gateway: string
  readonly ca?: string
}

export function configure(env: Environment, flag: string | undefined): Configuration {
  const file = readConfig(join(xdg(env, 'CONFIG'), 'berth', 'config.json'))
  // A variable that is set to nothing counts as none.
  const gateway = flag ?? (env['BERTH_GATEWAY'] || file.gateway), ca = env['BERTH_CA'] || file.ca
  if (gateway === undefined || gateway === '') {
    throw stop('badLine', 'Which gateway? Set BERTH_GATEWAY, or write --gateway https://berth.example.org.')
  }
  return { gateway, ...(ca !== undefined && ca !== '' && { ca }) }
}

function readConfig(path: string): { gateway?: string; ca?: string } {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return {}
  }
  try {
    const { gateway, ca } = JSON.parse(text) as Record<string, unknown>
    return { ...(typeof gateway === 'string' && { gateway }), ...(typeof ca === 'string' && { ca }) }
  } catch {
    throw stop('badLine', `${path} is not JSON; write {"gateway": "https://berth.example.org"}.`)
  }
}

/** Trusts the CAs of this file besides the usual ones, in this process. */
export function trust(ca: string): void {
  let pem: string
  try {
    pem = readFileSync(ca, 'utf8')
  } catch {
    throw stop('badLine', `The CA file ${ca} cannot be read; look at BERTH_CA.`)
  }
  // Node 20 and older have no such call; there the variable of Node itself does the same.
  if (typeof tls.setDefaultCACertificates !== 'function') {
    throw stop('badLine', 'This Node is too old for BERTH_CA; set NODE_EXTRA_CA_CERTS to the same file instead.')
  }
  try {
    const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
    if (!certificates) throw new Error('none')
    tls.setDefaultCACertificates([...tls.getCACertificates('default'), ...certificates])
  } catch {
    throw stop('badLine', `The CA file ${ca} holds no certificate in PEM; look at BERTH_CA.`)
  }
}
