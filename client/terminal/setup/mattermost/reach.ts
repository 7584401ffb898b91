/** Whether Mattermost may call the gateway’s address at all: a private one must be on its list. */
import { networks } from '../../../gateway/address.ts'
import { addressesOf, hostOf, isReserved } from '../address.ts'
import { type Findings, Trouble } from '../check.ts'
import type { Mattermost } from './api.ts'

const setting = 'AllowedUntrustedInternalConnections', where = 'System Console → Environment → Developer'

export async function checkReach(findings: Findings, api: Mattermost, url: string): Promise<void> {
  const what = 'reach', host = hostOf(url), addresses = await addressesOf(host)
  if (addresses.length === 0) return findings.add(what, 'note', `This machine knows no address of ${host}; Mattermost’s must. If it is a private one, ${setting} must list it (${where}).`)
  const inside = addresses.filter(isReserved)
  if (inside.length === 0) return findings.add(what, 'good', `${host} is ${addresses.join(', ')}, which Mattermost may call.`)
  const { status, json } = await api.ask('GET', '/config', { what })
  const listed = status === 200 ? (json?.['ServiceSettings'] as Readonly<Record<string, unknown>> | undefined)?.[setting] : undefined
  if (typeof listed !== 'string') {
    return findings.add(what, 'note', `${host} is private (${inside.join(', ')}): ${setting} must list it (${where}), and this account may not read whether it does (sysconsole_read_environment_developer).`)
  }
  // As the server reads it: blanks or commas between, a host as the address writes it, or a network. A bare address is only a host.
  const entries = listed.split(/[\s,]+/).filter((entry) => entry !== '')
  const covered = entries.includes(host) || inside.every((address) => entries.some((entry) => isIn(address, entry)))
  if (covered) return findings.add(what, 'good', `${host} is private (${inside.join(', ')}), and ${setting} lists it.`)
  throw new Trouble(what, 'bad', `Mattermost refuses to call ${host}, which is private (${inside.join(', ')}): add ${host} to ${setting} (${where}).`)
}

function isIn(address: string, entry: string): boolean {
  if (!entry.includes('/')) return false
  try {
    return networks([entry])(address)
  } catch {
    return false
  }
}
