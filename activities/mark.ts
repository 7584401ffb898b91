/** Marks (contract.ts): what is ours, proven by HMAC-SHA256, so that a copied or forged label proves nothing. */
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import { escapeUid, markPayload, type Mark } from '../workflows/contract.ts'

export interface Marks {
  readonly instance: string
  /** The proof for a mark on the object of this name on this host (for DNS, host is the zone). */
  sign(mark: Omit<Mark, 'instance'>, object: { name: string; host: string }): string
  verifies(mark: Mark, object: { name: string; host: string }, proof: string): boolean
  /** An account's key in marks: shows no person, and no one without the key can make it. */
  accountKey(member: string): string
}

/** `secret`: at least 32 random bytes, the same in every role of an instance. `instance`: lower-case letters, digits, `-`. */
export function createMarks({ instance, secret }: { instance: string; secret: Buffer }): Marks {
  if (secret.length < 32) throw new Error('The mark key needs at least 32 bytes.')
  const key = createSecretKey(secret) // a prepared key costs a fifth of a Buffer at each use
  const hmac = (text: string) => createHmac('sha256', key).update(text).digest('hex')
  const sign: Marks['sign'] = (mark, object) => hmac(markPayload({ ...mark, instance }, object)).slice(0, 40)
  return {
    instance,
    sign,
    verifies(mark, object, proof) {
      const want = Buffer.from(sign(mark, object)), got = Buffer.from(proof)
      return mark.instance === instance && want.length === got.length && timingSafeEqual(want, got)
    },
    accountKey: (member) => hmac(`berth/account\n${escapeUid(member)}`).slice(0, 12),
  }
}
