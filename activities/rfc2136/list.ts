/** Every name of ours in a zone, by signed zone transfer. */
import type { OwnedName } from '../../workflows/ports.ts'
import { srvName } from '../../workflows/rules/naming.ts'
import type { Marks } from '../mark.ts'
import { type } from './codes.ts'
import { readSrv } from './decode.ts'
import { readOwner, type OwnerTxt } from './owner.ts'
import type { Server } from './server.ts'

interface Listing {
  readonly server: Server
  readonly marks: Marks
  readonly zone: string
  readonly deadline: number
}

/** Names with an owner TXT of this instance whose proof verifies. A record that cannot be read is not ours. */
export async function listOwned({ server, marks, zone, deadline }: Listing): Promise<readonly OwnedName[]> {
  const owners = new Map<string, OwnerTxt>(), ports = new Map<string, number>()
  await server.transfer(zone, (record, message) => {
    if (record.type === type.SRV) ports.set(record.name, readSrv(message, record).port)
    if (record.type !== type.TXT || !record.name.endsWith(`.${zone}`)) return
    const label = record.name.slice(0, -zone.length - 1)
    const owner = readOwner(marks, { label, zone }, record.data)
    if (owner && owner.number >= (owners.get(label)?.number ?? 0)) owners.set(label, owner)
  }, deadline)
  return [...owners].map(([label, { key, number, services }]) => ({
    zone, label, key, number, ports: services.flatMap((service) => ports.get(srvName(service, label, zone)) || []), // 0 while it sleeps
  }))
}
