/**
 * A secret for one reader and one reading: sealed to an X25519 key that the reader has made for it and forgets. Whoever
 * keeps the letter, a history say, can never open it, with no key that Berth keeps. Layout: key 32 | as in `box.ts`.
 */
import { createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync, type KeyObject } from 'node:crypto'
import { openBytes, sealBytes } from './box.ts'
import type { Keyring } from './keyring.ts'

const keyBytes = 32

export interface Reader {
  /** To be sealed to, as base64url. */
  readonly key: string
  /** Undefined for what was sealed to another key, for another purpose, or was changed. */
  open(letter: string, bound: string): string | undefined
}

export function createReader(): Reader {
  const { publicKey, privateKey } = generateKeyPairSync('x25519'), mine = rawOf(publicKey)
  return {
    key: mine.toString('base64url'),
    open(letter, bound) {
      const bytes = Buffer.from(letter, 'base64url'), theirs = bytes.subarray(0, keyBytes)
      try {
        const ring = agreed(diffieHellman({ privateKey, publicKey: publicOf(theirs) }), [theirs, mine])
        return openBytes(ring, { keyId: ring.current, bytes: bytes.subarray(keyBytes) }, bound)?.toString()
      } catch {
        return undefined // what stands there is no key
      }
    },
  }
}

/** Throws for what is no such key. `bound` is the purpose: it opens for no other. */
export function sealTo(key: string, text: string, bound: string): string {
  const theirs = Buffer.from(key, 'base64url')
  if (theirs.length !== keyBytes) throw new Error('The key to seal to is none of X25519.')
  const { publicKey, privateKey } = generateKeyPairSync('x25519'), mine = rawOf(publicKey)
  const ring = agreed(diffieHellman({ privateKey, publicKey: publicOf(theirs) }), [mine, theirs])
  return Buffer.concat([mine, sealBytes(ring, Buffer.from(text), bound).bytes]).toString('base64url')
}

/** Both public keys are part of it, the sealer's first: the secret alone names nobody (RFC 7748, section 6.1). */
function agreed(secret: Buffer, [sealer, reader]: readonly [Buffer, Buffer]): Keyring {
  const key = hkdfSync('sha256', secret, Buffer.concat([sealer, reader]), 'berth/letter', 32)
  return { current: 'once', keys: new Map([['once', Buffer.from(key)]]) }
}

/** SubjectPublicKeyInfo of X25519 (RFC 8410) up to the key itself. */
const head = Buffer.from('302a300506032b656e032100', 'hex')

const rawOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' }).subarray(head.length)
const publicOf = (raw: Buffer): KeyObject => createPublicKey({ key: Buffer.concat([head, raw]), format: 'der', type: 'spki' })
