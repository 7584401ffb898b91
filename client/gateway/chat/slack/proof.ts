/**
 * Whether a request comes from Slack: `v0=` and HMAC-SHA256 over `v0:<seconds>:<raw body>`, under the app's signing secret.
 * By hand, because every verifier that was tried takes a validly signed time one day ahead (bolt 5.1.0, slack-edge 1.3.17).
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { SlackTenant } from '../settings.ts'

/** How far the signed time may be from now, in seconds; for so long a captured request can be sent again. */
const freshS = 300

export interface Signed {
  readonly signature: string | undefined
  /** Unix time in seconds, as it came. */
  readonly timestamp: string | undefined
  /** The bytes as they came: nothing of them is read before they are proven. */
  readonly body: Uint8Array
}

/** Of a good one: the tenants that it may speak for. */
export type Proof = { readonly is: 'good'; readonly tenants: readonly SlackTenant[] } | { readonly is: 'bad'; readonly why: string }

const bad = (why: string): Proof => ({ is: 'bad', why })

/**
 * All configured secrets are tried rather than the one that the body's `team_id` names: so nothing unproven is parsed, and
 * a request counts only for the teams whose own secret signed it. There are few secrets, and a body is short.
 */
export function proveRequest(tenants: readonly SlackTenant[], { signature, timestamp, body, now }: Signed & { readonly now: number }): Proof {
  if (signature === undefined || timestamp === undefined) return bad('not signed')
  if (!/^v0=[0-9a-f]{64}$/.test(signature)) return bad('no v0 signature')
  // Digits as Slack writes them, and no sign, fraction or exponent: these stand for the same number in other letters.
  if (!/^[1-9]\d{0,11}$/.test(timestamp)) return bad('no time')
  const ageS = Math.floor(now / 1000) - Number(timestamp)
  if (Math.abs(ageS) > freshS) return bad(ageS > 0 ? 'too old' : 'from the future')
  const sent = Buffer.from(signature)
  const good = tenants.filter(({ signingSecret }) => {
    if (signingSecret === undefined || signingSecret === '') return false
    return timingSafeEqual(sent, Buffer.from(signatureOf(signingSecret, timestamp, body)))
  })
  return good.length === 0 ? bad('wrong signature') : { is: 'good', tenants: good }
}

/** `timestamp` as it is sent; what it signs is the body's own bytes. */
export const signatureOf = (secret: string, timestamp: string, body: string | Uint8Array): string =>
  `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex')}`
