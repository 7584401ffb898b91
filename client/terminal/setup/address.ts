/** Addresses that an admin gives: plain http only to this machine, and what a host name means from here. */
import { lookup } from 'node:dns/promises'
import { networks } from '../../gateway/address.ts'
import { safeGateway } from '../../berth.ts'
import { stop } from '../../refused.ts'

/** What each flag is like, and whether a path may be part of it. */
const flags = {
  '--url': { sample: 'https://berth.example.org', path: false },
  '--server': { sample: 'https://chat.example.org', path: true },
  '--api': { sample: 'https://slack.com/api', path: true },
} as const

/** Without a slash at its end; throws a refusal that names the flag. */
export function baseOf(flag: keyof typeof flags, text: string): string {
  const { sample, path } = flags[flag]
  const wrong = () => stop('badLine', `${flag} is a URL like ${sample}, without ${path ? '' : 'a path or '}a password in it.`)
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text) || new URL(text).username !== '' || new URL(text).password !== '') throw wrong()
  // Refuses http to anywhere else, in the sentence that other commands have.
  const url = safeGateway(text)
  if (url.search !== '' || url.hash !== '' || (!path && url.pathname !== '/')) throw wrong()
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

/** Where nobody outside can reach, and whither Mattermost does not go unless told: its `IsReservedIP`. */
export const isReserved = networks([
  '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '127.0.0.0/8', '0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '192.0.2.0/24', '198.51.100.0/24',
  '203.0.113.0/24', '192.88.99.0/24', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4', '100.64.0.0/10',
  '::/128', '::1/128', '100::/64', '2001::/23', '2001:db8::/32', 'fc00::/7', 'fe80::/10', 'ff00::/8', '2002::/16', '64:ff9b::/96',
])

export const hostOf = (base: string): string => new URL(base).hostname.replace(/^\[|\]$/g, '')

/** As this machine knows them; another may know others. Empty when it knows none. */
export async function addressesOf(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch {
    return []
  }
}
