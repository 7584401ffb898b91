/** The name that a member gives a lease: the first half of a DNS label (RFC 1123), so it must be one itself. */
import type { Refusal } from '../refusals.ts'

/** A label has at most 63 characters; the rest is for `-` and 6 of the key, and for a site that prefixes its own. */
export const longestName = 40

/** Names that a reader of the zone would take for something else, or that other software gives a meaning. */
const reserved = new Set([
  'admin', 'administrator', 'api', 'autoconfig', 'autodiscover', 'berth', 'broadcasthost', 'dns', 'example', 'ftp',
  'gateway', 'hostmaster', 'imap', 'invalid', 'isatap', 'ldap', 'local', 'localhost', 'mail', 'mx', 'news', 'ns', 'ns1',
  'ns2', 'ntp', 'onion', 'pop', 'postmaster', 'root', 'smtp', 'ssh', 'status', 'support', 'temporal', 'test', 'vpn',
  'webmaster', 'webmail', 'wpad', 'www',
])

/** What is wrong with a name; undefined when it may be used. */
export function checkName(name: string): Refusal | undefined {
  const bad = (what: string): Refusal =>
    ({ kind: 'badName', sentence: `${what} Use lower-case letters, digits and -, at most ${longestName}, like my-web.` })
  if (name === '') return bad('A name may not be empty.')
  if (name.length > longestName) return bad(`The name is ${name.length} characters long.`)
  if (!/^[a-z0-9-]+$/.test(name)) return bad(`“${name}” cannot be a name.`)
  if (name.startsWith('-') || name.endsWith('-')) return bad(`“${name}” begins or ends with a hyphen.`)
  // Such labels are read as encoded text (RFC 5891, section 4.2.3.1).
  if (name.slice(2, 4) === '--') return bad(`“${name}” has hyphens as its third and fourth characters, which DNS keeps for itself.`)
  if (reserved.has(name)) {
    return { kind: 'nameReserved', sentence: `“${name}” is a reserved word; take another name, like my-${name}.` }
  }
  return undefined
}

/**
 * A name for a lease that was given none: the image's last part and the end of the key (the label already shows its
 * beginning), so that two leases of one image get two names. Always passes `checkName`.
 */
export function inventName(image: string, key: string): string {
  const tail = key.slice(-4)
  const last = image.split('@')[0]?.split('/').at(-1)?.split(':')[0] ?? ''
  const plain = last.toLowerCase().replace(/[^a-z0-9]+/g, '-').slice(0, longestName - tail.length - 1).replace(/^-+|-+$/g, '')
  return `${plain === '' ? 'lease' : plain}-${tail}`
}
