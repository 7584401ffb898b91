/** What the gateway can be told, with its defaults. */
export interface Limit {
  readonly count: number
  readonly windowMs: number
}

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error'
  readonly what: string
  readonly [field: string]: unknown
}
/** One JSON line per call. Never gets a password, a token, or an argument's value. */
export type Log = (line: LogLine) => void

export interface GatewayOptions {
  readonly listen: { readonly host: string; readonly port: number }
  /** PEM files. Without them only loopback is served, or what comes from a trusted proxy. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string }
  /** Addresses or networks (CIDR) of proxies in front; `X-Forwarded-*` is believed from these alone. */
  readonly trustedProxy: readonly string[]
  /** Life of an access token, and of a sign-in altogether. */
  readonly accessMs: number
  readonly refreshMs: number
  /** Tries with a wrong password, by member and by address. */
  readonly loginPerMember: Limit
  readonly loginPerAddress: Limit
  /** How many members and addresses the limits remember; the oldest is forgotten first. */
  readonly remembered: number
  /** Updates of one member at the same time; Temporal takes ten per workflow. */
  readonly inFlight: number
  readonly streams: number
  readonly bodyBytes: number
  readonly queryMs: number
  readonly updateMs: number
  /** Between two looks at a lease for its live steps: first, and grown; and how long one stream lasts at most. */
  readonly eventFirstMs: number
  readonly eventMostMs: number
  readonly eventLongestMs: number
  readonly now: () => number
  readonly log: Log
}

const minute = 60_000

export const defaultOptions: GatewayOptions = {
  listen: { host: '127.0.0.1', port: 7870 },
  trustedProxy: [],
  accessMs: 15 * minute,
  refreshMs: 7 * 24 * 60 * minute,
  loginPerMember: { count: 5, windowMs: 5 * minute },
  loginPerAddress: { count: 30, windowMs: 5 * minute },
  remembered: 10_000,
  inFlight: 8,
  streams: 16,
  bodyBytes: 96 * 1024,
  queryMs: 3000,
  updateMs: 10_000,
  eventFirstMs: 100,
  eventMostMs: 1000,
  eventLongestMs: 10 * minute,
  now: Date.now,
  log: (line) => process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), ...line })}\n`),
}
