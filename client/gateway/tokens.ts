/** Tokens: sealed claims. Nothing about them is kept here; the account's epoch is what ends them early. */
import type { Seals } from './seals.ts'

export interface Claims {
  readonly uid: string
  /** entryUUID at login: a new one under the old uid is a stranger. */
  readonly uuid: string
  readonly epoch: number
  readonly kind: 'access' | 'refresh'
  readonly exp: number
}

/** What a login answers. `refresh` is not renewed with `access`: a sign-in ends after its days, and two terminals never race. */
export interface Tokens {
  readonly uid: string
  readonly access: string
  readonly accessUntil: number
  readonly refresh: string
  readonly refreshUntil: number
}

const longest = 4096

export const issue = (seals: Seals, claims: Claims): string => seals.sealToken(JSON.stringify({ berth: 1, ...claims }))

/** Undefined for whatever is forged, cut, old, or of another kind: the bearer learns no more than that. */
export function openClaims(seals: Seals, token: string, want: { readonly kind: Claims['kind']; readonly now: number }): Claims | undefined {
  if (token.length === 0 || token.length > longest) return undefined
  let claims: Partial<Claims> & { readonly berth?: unknown }
  try {
    const text = seals.openToken(token)
    if (text === undefined) return undefined
    claims = JSON.parse(text) as typeof claims
  } catch {
    return undefined
  }
  const { uid, uuid, epoch, kind, exp, berth } = claims
  if (berth !== 1 || kind !== want.kind || typeof uid !== 'string' || uid === '' || typeof uuid !== 'string') return undefined
  if (!Number.isSafeInteger(epoch) || typeof exp !== 'number' || !(exp > want.now)) return undefined
  return { uid, uuid, epoch: epoch as number, kind, exp }
}
