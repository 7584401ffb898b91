/** What may go into DNS: checked before anything is sent, since one bad update in a Knot bulk fails its neighbours too. */
import { isIP } from 'node:net'
import { NameInvalid, type NameOwner, type NameRecords } from '../../workflows/ports.ts'
import { servicesOf, srvName } from '../../workflows/rules/naming.ts'

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
/** Longest name in text: 255 octets on the wire are 253 characters (RFC 1035, 2.3.4). */
const longestName = 253

/** Throws `NameInvalid` unless label and zone make a lower-case host name. */
export function checkOwner(owner: NameOwner): void {
  if (!label.test(owner.label)) throw new NameInvalid(`${JSON.stringify(owner.label)} is not a DNS label.`)
  checkZone(owner.zone)
  if (owner.label.length + 1 + owner.zone.length > longestName) throw new NameInvalid(`${owner.label}.${owner.zone} is too long.`)
}

/** Throws `NameInvalid` unless every part can be written into DNS. */
export function checkRecords(records: NameRecords): void {
  checkOwner(records)
  for (const address of [records.address, ...records.addresses ?? []]) {
    if (isIP(address) === 0 || address.includes('%')) throw new NameInvalid(`${JSON.stringify(address)} is not an IP address.`)
  }
  for (const { port, hostPort } of records.ports) {
    if (!isPort(port) || !isPort(hostPort)) throw new NameInvalid(`Ports are 1 to 65535, not ${port} on ${hostPort}.`)
  }
  const services = servicesOf(records.ports.map(({ port }) => port))
  if (new Set(records.ports.map(({ port }) => port)).size < services.length) throw new NameInvalid('A port is there twice.')
  if (services.join().length > 250) throw new NameInvalid('Too many ports for one name.')
  for (const service of services) {
    if (srvName(service, records.label, records.zone).length > longestName) throw new NameInvalid(`${records.label}.${records.zone} is too long.`)
  }
  if (!(records.ttlMs > 0 && records.ttlMs < 2 ** 31 * 1000)) throw new NameInvalid(`A TTL of ${records.ttlMs} ms is out of range.`)
}

/** Throws `NameInvalid` unless the zone is a lower-case name without a trailing dot. */
export function checkZone(zone: string): void {
  if (zone.length > longestName || !zone.split('.').every((part) => label.test(part))) throw new NameInvalid(`${JSON.stringify(zone)} is not a DNS zone.`)
}

const isPort = (port: number) => Number.isInteger(port) && port >= 1 && port <= 65_535
