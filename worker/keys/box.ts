/** AES-256-GCM with a key id: what codec, tokens and sealed env values share. Layout: iv 12 | tag 16 | ciphertext. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Keyring } from './keyring.ts'

const ivBytes = 12, tagBytes = 16

export interface Sealed {
  readonly keyId: string
  readonly bytes: Buffer
}

/** `bound` is authenticated with it: the same ciphertext opens nowhere else. */
export function sealBytes(ring: Keyring, plain: Uint8Array, bound: string): Sealed {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', ring.keys.get(ring.current)!, iv)
  cipher.setAAD(Buffer.from(bound))
  const body = Buffer.concat([cipher.update(plain), cipher.final()])
  return { keyId: ring.current, bytes: Buffer.concat([iv, cipher.getAuthTag(), body]) }
}

/** Undefined for an unknown key, a forged or cut text, or another binding. */
export function openBytes(ring: Keyring, { keyId, bytes }: Sealed, bound: string): Buffer | undefined {
  const key = ring.keys.get(keyId)
  if (!key || bytes.length < ivBytes + tagBytes) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes))
  decipher.setAAD(Buffer.from(bound))
  decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()])
  } catch {
    return undefined
  }
}

/** As text: `<key id>.<base64url>`. */
export function sealText(ring: Keyring, text: string, bound: string): string {
  const { keyId, bytes } = sealBytes(ring, Buffer.from(text), bound)
  return `${keyId}.${bytes.toString('base64url')}`
}

export function openText(ring: Keyring, sealed: string, bound: string): string | undefined {
  const dot = sealed.indexOf('.')
  if (dot < 0) return undefined
  return openBytes(ring, { keyId: sealed.slice(0, dot), bytes: Buffer.from(sealed.slice(dot + 1), 'base64url') }, bound)?.toString()
}
