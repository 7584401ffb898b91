/** The networks of one node: all in a block that nothing else on this machine uses, so that clusters run side by side. */
import { addressIn, freeSubnet } from '../../../worker/embedded/subnet.ts'

export interface Addresses {
  /** This machine's end of the link, where the API server listens. */
  readonly host: string
  /** The node's end, where node ports answer. */
  readonly node: string
  readonly services: string
  /** The Service `kubernetes`. */
  readonly firstService: string
  readonly pods: string
}

export function freeAddresses(): Addresses {
  const block = freeSubnet(16)
  const services = addressIn(block, 4096), pods = addressIn(block, 8192)
  return {
    host: addressIn(block, 1), node: addressIn(block, 2), services: `${services}/20`, firstService: addressIn(block, 4097), pods: `${pods}/24`,
  }
}
