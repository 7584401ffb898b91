/** IPv4 arithmetic for the accounts' networks. Pure. */

export interface Block {
  readonly first: number
  readonly size: number
}

/** `10.201.0.0/16` as numbers; an address alone is a block of one. Throws on anything else. */
export function parseBlock(cidr: string): Block {
  const [, address = '', length = '32'] = /^(\d+\.\d+\.\d+\.\d+)(?:\/(\d+))?$/.exec(cidr) ?? []
  const bytes = address.split('.').map(Number), bits = Number(length)
  if (bytes.length !== 4 || bytes.some((byte) => byte > 255) || bits > 32) throw new Error(`"${cidr}" is not an IPv4 range.`)
  const size = 2 ** (32 - bits), number = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  return { first: number - (number % size), size }
}

export const formatBlock = ({ first, size }: Block): string =>
  `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${32 - Math.log2(size)}`

export const overlap = (a: Block, b: Block): boolean => a.first < b.first + b.size && b.first < a.first + a.size

/** Addresses in an account's network: /27 leaves 29 for its leases, after network, gateway and broadcast. */
export const accountSize = 32

/** The lowest free /27 of the range, or undefined when all are used. */
export function freeSubnet(range: Block, used: readonly Block[]): Block | undefined {
  const taken = new Set<number>()
  for (const block of used) {
    if (!overlap(block, range)) continue
    const from = Math.max(block.first, range.first), to = Math.min(block.first + block.size, range.first + range.size)
    for (let at = from - (from % accountSize); at < to; at += accountSize) taken.add(at)
  }
  for (let first = range.first; first + accountSize <= range.first + range.size; first += accountSize) {
    if (!taken.has(first)) return { first, size: accountSize }
  }
  return undefined
}
