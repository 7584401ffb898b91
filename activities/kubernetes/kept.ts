/**
 * Whether the server kept what it was sent. client-node drops without a word what its models do not know (`from` instead
 * of `_from` turned a wall into "allow all"), admission may change an object, and a Namespace on its way out is "applied".
 */
import { quantity } from './quantity.ts'

/** The cluster took an object and kept another one: nothing may be built on it. */
export class NotKept extends Error {
  override name = 'NotKept'
}

interface Named {
  readonly kind?: string | undefined
  readonly metadata?: { readonly name?: string | undefined } | undefined
}

/** Throws `NotKept` with the first place where `got` differs from `sent`; what the server adds is its own affair. */
export function assertKept(sent: Named, got: Named): void {
  const at = difference(sent, got, '')
  if (at !== undefined) throw new NotKept(`The cluster did not keep ${at} of the ${sent.kind} ${sent.metadata?.name}.`)
}

function difference(sent: unknown, got: unknown, at: string): string | undefined {
  if (sent === undefined) return undefined
  if (Array.isArray(sent)) {
    if (!Array.isArray(got) || got.length !== sent.length) return sent.length === 0 && got === undefined ? undefined : at
    return first(sent.map((one, i) => difference(one, got[i], `${at}[${i}]`)))
  }
  if (typeof sent === 'object' && sent !== null) {
    // An empty selector means all, and is kept as it is; absent would mean none.
    if (typeof got !== 'object' || got === null) return at
    return first(Object.entries(sent).map(([name, one]) => difference(one, (got as Record<string, unknown>)[name], at === '' ? name : `${at}.${name}`)))
  }
  return sent === got || isSameQuantity(sent, got) ? undefined : at
}

const first = (found: readonly (string | undefined)[]): string | undefined => found.find((one) => one !== undefined)

/** The server writes quantities its own way: 1000m is 1. */
const isSameQuantity = (a: unknown, b: unknown): boolean => Math.abs(quantity(a) - quantity(b)) < 1e-9 * Math.max(1, quantity(a))
