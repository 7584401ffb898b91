/** Numbers of the DNS (RFC 1035, 2136, 2782, 3596, 8945, 9460) that a lease's name needs. */

export const type = { A: 1, SOA: 6, TXT: 16, AAAA: 28, SRV: 33, HTTPS: 65, TSIG: 250, AXFR: 252, ANY: 255 } as const
export const dnsClass = { IN: 1, NONE: 254, ANY: 255 } as const
export const opcode = { QUERY: 0, UPDATE: 5 } as const
export const rcode = {
  NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, YXDOMAIN: 6, YXRRSET: 7, NXRRSET: 8, NOTAUTH: 9, NOTZONE: 10,
} as const
/** Errors inside a TSIG record (RFC 8945, 3). */
export const tsigError = { BADSIG: 16, BADKEY: 17, BADTIME: 18 } as const

/** A code in letters, for sentences. */
export const rcodeName = (code: number): string => nameIn(rcode, code)
export const tsigErrorName = (code: number): string => nameIn(tsigError, code)

const nameIn = (table: Readonly<Record<string, number>>, code: number): string =>
  Object.keys(table).find((name) => table[name] === code) ?? `code ${code}`
