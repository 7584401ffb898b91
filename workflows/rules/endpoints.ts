/** How a lease is reached: each of its ports by name, and by the SRV record that hides the host port. */
import type { Endpoint, Place } from '../terms.ts'
import { fqdn, srvNames } from './naming.ts'

export function endpointsOf(label: string, ports: readonly number[], place: Place): Endpoint[] {
  const names = srvNames(ports, label, place.zone)
  return ports.map((port, at) => ({
    port, hostPort: place.hostPorts[at] ?? 0, fqdn: fqdn(label, place.zone), address: place.address, srv: names[at] ?? '',
  }))
}
