/** What can go wrong between us and a nameserver, in sentences. All of it is retried: nothing here is the answer to a claim. */
import { rcode, rcodeName } from './codes.ts'

/** The nameserver did not do what it was asked, or did not say so. */
export class NameserverTrouble extends Error {
  override name = 'NameserverTrouble'
}

/** Where a nameserver listens, for sentences. */
export const place = (server: { readonly host: string; readonly port: number }): string =>
  server.host.includes(':') ? `[${server.host}]:${server.port}` : `${server.host}:${server.port}`

/** A signed answer that is neither success nor a failed prerequisite. */
export function refusedUpdate(code: number, zone: string): NameserverTrouble {
  const why: Readonly<Record<number, string>> = {
    [rcode.FORMERR]: 'it cannot read the update',
    [rcode.SERVFAIL]: 'it failed inside',
    [rcode.NOTIMP]: 'it takes no updates',
    [rcode.REFUSED]: 'its policy does not let our key write A, AAAA, SRV, TXT and HTTPS records',
    [rcode.NOTAUTH]: 'it is not the primary of the zone',
    [rcode.NOTZONE]: 'a name is outside the zone',
  }
  return new NameserverTrouble(`The nameserver refuses an update of ${zone} (${rcodeName(code)}): ${why[code] ?? 'for no known reason'}.`)
}
