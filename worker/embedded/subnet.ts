/** IPv4 networks that nothing on this machine uses. */
import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { need } from './find.ts'

/** A private network with a prefix of `bits` (12 to 28), such as 10.77.16.0/20, that no route of this machine touches. */
export function freeSubnet(bits: number): string {
  const taken = routes()
  for (let tries = 0; tries < 1000; tries++) {
    const size = 2 ** (32 - bits)
    const start = 10 * 2 ** 24 + randomInt(64, 250) * 2 ** 16 + Math.floor(randomInt(2 ** 16) / size) * size
    const network = `${text(bits >= 16 ? start : start - (start % size))}/${bits}`
    if (!taken.some((other) => overlaps(other, network))) return network
  }
  throw new Error(`No free network with a prefix of ${bits} bits is left below 10.0.0.0/8.`)
}

/** The address at this place in a network; 0 is the network itself. */
export function addressIn(network: string, place: number): string {
  return text(number(network.split('/')[0]!) + place)
}

/** Whether an address, or a whole network, lies in or across the other network. */
export function overlaps(one: string, other: string): boolean {
  const [a, aBits = '32'] = one.split('/') as [string, string?]
  const [b, bBits = '32'] = other.split('/') as [string, string?]
  const size = 2 ** (32 - Math.min(Number(aBits), Number(bBits)))
  return Math.floor(number(a) / size) === Math.floor(number(b) / size)
}

/** Networks that `ip route` knows, besides the default route. */
function routes(): string[] {
  const all = execFileSync(need('ip', 'iproute2'), ['-4', 'route', 'show', 'table', 'all'], { encoding: 'utf8' })
  return all.match(/\b\d+\.\d+\.\d+\.\d+(\/\d+)?/g) ?? []
}

const number = (address: string): number => address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
const text = (value: number): string => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
