/** What the gateway needs of the keys; `worker/keys` satisfies it. */
export interface Seals {
  /** Authenticated and encrypted, with a key id: a retired key still opens what it sealed while it is kept. */
  sealToken(text: string): string
  /** Undefined for anything that no kept key sealed. */
  openToken(sealed: string): string | undefined
  /** For the host role alone, and bound to the lease's key. */
  sealEnv(env: Readonly<Record<string, string>>, key: string): string
}
