/** What the gateway needs of the keys; `worker/keys` satisfies it. */
import type { SealKind } from '../../workflows/link/terms.ts'
import type { Access } from '../../workflows/ports.ts'

export interface Seals {
  /** Authenticated and encrypted, with a key id: a retired key still opens what it sealed while it is kept. */
  sealToken(text: string): string
  /** Undefined for anything that no kept key sealed. */
  openToken(sealed: string): string | undefined
  /** For the host role alone, and bound to the lease's key. */
  sealEnv(env: Readonly<Record<string, string>>, key: string): string
  /** For one request: the key that its answer is sealed to. Nothing opens it once the request is over. */
  readAccess(): {
    readonly key: string
    /** Undefined for what was sealed to another key, or for another lease. */
    open(sealed: string, leaseKey: string): Access | undefined
  }
}

/** The same for what comes back from a chat; each kind opens only as that kind. */
export interface ChatSeals {
  seal(kind: SealKind, text: string): string
  open(kind: SealKind, sealed: string): string | undefined
}
