/** Where a request really comes from. Headers are believed only from a proxy that the configuration names. */
import { BlockList, isIP } from 'node:net'

export type Origin =
  /** `address` is what the login limits count by. */
  | { readonly is: 'member'; readonly address: string; readonly secure: boolean }
  | { readonly is: 'unknown' }

export function plainAddress(address: string): string {
  const bare = address.trim().replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  return /^\d+\.\d+\.\d+\.\d+:\d+$/.test(bare) ? bare.slice(0, bare.lastIndexOf(':')) : bare
}

/** Throws on an entry that is neither an address nor a network. */
export function networks(entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/')
    const family = isIP(address) === 4 ? 'ipv4' : isIP(address) === 6 ? 'ipv6' : undefined
    if (family === undefined) throw new Error(`${entry} is neither an address nor a network (CIDR).`)
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return (address) => {
    const plain = plainAddress(address), family = isIP(plain)
    return family !== 0 && list.check(plain, family === 4 ? 'ipv4' : 'ipv6')
  }
}

export const isLoopback = networks(['127.0.0.0/8', '::1'])

/** A host name or address at which only this machine listens. */
export const isLoopbackHost = (host: string): boolean => {
  const plain = plainAddress(host).toLowerCase()
  return plain === 'localhost' || isLoopback(plain)
}

type Seen = { readonly peer: string | undefined; readonly tls: boolean; readonly header: (name: string) => string | undefined }

/** The nearest address that is not one of our proxies: whatever stands left of it in the header may be made up. */
export function originOf({ peer, tls, header }: Seen, isProxy: (address: string) => boolean): Origin {
  if (peer === undefined) return { is: 'unknown' }
  const direct = plainAddress(peer)
  if (!isProxy(direct)) return { is: 'member', address: direct, secure: tls || isLoopback(direct) }
  const hops = (header('x-forwarded-for') ?? '').split(',').map(plainAddress).filter((hop) => isIP(hop) !== 0)
  const nearest = hops.reverse().find((hop) => !isProxy(hop)) ?? direct
  const secure = (header('x-forwarded-proto') ?? '').split(',').at(-1)?.trim().toLowerCase() === 'https'
  return { is: 'member', address: nearest, secure: tls || secure || (hops.length === 0 && isLoopback(direct)) }
}
