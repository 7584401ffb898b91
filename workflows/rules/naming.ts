/** How a lease is called in DNS, and who may write there. Pure: used by the stories, the adapters and the sweep alike. */

/** Ports that speak plain HTTP by custom. */
const httpLike: ReadonlySet<number> = new Set([80, 3000, 4200, 5000, 5173, 8000, 8008, 8080, 8081, 8888, 9000])

/** The service that a container port speaks by custom (RFC 6335 names, with the underscore). */
export function serviceOf(port: number): string {
  if (httpLike.has(port)) return '_http'
  if (port === 443 || port === 8443) return '_https'
  if (port === 22) return '_ssh'
  return `_p${port}`
}

/** Services of a lease's ports, in their order. The first port of a service gets its name, later ones `_p<port>`. */
export function servicesOf(ports: readonly number[]): string[] {
  const given = new Set<string>()
  return ports.map((port) => {
    const custom = serviceOf(port)
    const service = given.has(custom) ? `_p${port}` : custom
    given.add(service)
    return service
  })
}

/** A lease's full name, without a trailing dot. */
export const fqdn = (label: string, zone: string): string => `${label}.${zone}`

/** Owner name of the SRV record of one service of a lease. */
export const srvName = (service: string, label: string, zone: string): string => `${service}._tcp.${fqdn(label, zone)}`

/** Owner names of the SRV records of a lease's ports, in their order; no two are the same. */
export const srvNames = (ports: readonly number[], label: string, zone: string): string[] =>
  servicesOf(ports).map((service) => srvName(service, label, zone))

/** Whose a name is. `other` is a foreign record, another lease, another instance, or a proof that does not verify. */
export type Holder = { readonly is: 'nobody' } | { readonly is: 'other' } | { readonly is: 'lease'; readonly key: string; readonly number: number }

/**
 * What may be done to a name, by who holds it:
 *
 * | holder | claim | release | isClaimed |
 * |---|---|---|---|
 * | nobody | add | nothing: gone already | no |
 * | somebody else | conflict | nothing | no |
 * | this lease, older number | replace (the lease moved) | delete (surplus of a move that never got here) | yes |
 * | this lease, same number | replace (retry, moved port) | delete | yes |
 * | this lease, newer number | conflict: a late try must not move it back | nothing | no |
 */
export function standing(holder: Holder, asker: { readonly key: string; readonly number: number }): 'free' | 'theirs' | 'ours' | 'stale' {
  if (holder.is === 'nobody') return 'free'
  if (holder.is === 'other' || holder.key !== asker.key) return 'theirs'
  return holder.number > asker.number ? 'stale' : 'ours'
}
