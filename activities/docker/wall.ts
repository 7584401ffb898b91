/**
 * What a lent network may not reach: control addresses, the host itself, metadata addresses, other accounts' leases.
 * Everything else outside is allowed. The rules here are pure; `iptables.ts` puts them up.
 *
 * | from a lease to | rule |
 * |---|---|
 * | whoever asked it something | answers pass (connection tracking) |
 * | another lease of its account | passes: bridged within one network |
 * | another account's lease | rejected, by the range |
 * | a published port, the gateway, any address of the host | rejected, on the way in to the host |
 * | 169.254.0.0/16 (metadata), control addresses, the host's public address | rejected, on the way through |
 * | a nameserver from `dns`, port 53 | passes, wherever it is |
 * | anything else | passes |
 *
 * Leases have no IPv6 (their networks have none, and they lack the capabilities to give themselves an address), and
 * without CAP_NET_RAW they cannot send under another source address, so the range is enough to know them by.
 */
import { createHash } from 'node:crypto'
import { formatBlock, parseBlock } from './subnets.ts'

export interface WallOptions {
  readonly instance: string
  /** The range that all accounts' networks on this host are cut from. */
  readonly range: string
  /** Addresses and ranges of what runs Berth: Temporal, directory, nameserver, engines. */
  readonly control: readonly string[]
  /** Address under which the host's ports are told; it need not be one of the host's own. */
  readonly address: string
  /** Nameservers that leases are given; without any they use the engine's own choice. */
  readonly dns: readonly string[]
}

export interface Wall {
  /** Chains of this instance: `through` hangs in DOCKER-USER, `inward` in INPUT. */
  readonly through: { readonly chain: string; readonly rules: readonly string[] }
  readonly inward: { readonly chain: string; readonly rules: readonly string[] }
}

/** Link-local: where clouds answer with the host's credentials. */
const metadata = '169.254.0.0/16'

/** Throws when an address is not IPv4. */
export function decideWall({ instance, range, control, address, dns }: WallOptions): Wall {
  const lent = formatBlock(parseBlock(range))
  const reject = '-j REJECT --reject-with icmp-admin-prohibited'
  const passDns = dns.filter(isV4).flatMap((server) => ['udp', 'tcp'].map((protocol) => `-d ${server} -p ${protocol} --dport 53 -j RETURN`))
  const begin = [`! -s ${lent} -j RETURN`, '-m conntrack --ctstate ESTABLISHED,RELATED -j RETURN']
  // IPv6 addresses are out of a lease's reach anyway.
  const targets = [lent, metadata, ...[...control, address].filter(isV4).map((cidr) => formatBlock(parseBlock(cidr)))]
    .filter((cidr) => !cidr.startsWith('0.0.0.0/'))
  return {
    through: {
      chain: chainName('F', instance),
      rules: [...begin, '-m physdev --physdev-is-bridged -j RETURN', ...passDns, ...[...new Set(targets)].map((cidr) => `-d ${cidr} ${reject}`)],
    },
    inward: { chain: chainName('I', instance), rules: [...begin, ...passDns, reject] },
  }
}

const isV4 = (address: string) => !address.includes(':')

/** iptables takes at most 28 characters. */
function chainName(which: 'F' | 'I', instance: string): string {
  const name = `BERTH-${which}-${instance}`
  return name.length <= 28 ? name : `BERTH-${which}-${createHash('sha256').update(instance).digest('hex').slice(0, 16)}`
}

/** Input of `iptables-restore --noflush`: makes or replaces both chains in one step, so that no packet meets half a wall. */
export function restoreText({ through, inward }: Wall): string {
  const lines = [through, inward].flatMap(({ chain, rules }) => rules.map((rule) => `-A ${chain} ${rule}`))
  return ['*filter', `:${through.chain} - [0:0]`, `:${inward.chain} - [0:0]`, ...lines, 'COMMIT', ''].join('\n')
}
