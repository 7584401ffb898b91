/** Files that say where a cluster is and who asks: JSON, which every reader of YAML takes. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Admin } from './api.ts'

export interface Where {
  /** https://… */
  readonly server: string
  /** The authority's certificate in PEM. */
  readonly ca: string
}

export type User = { readonly token: string } | { readonly cert: string; readonly key: string }

/** Writes it with mode 600. */
export function writeKubeconfig(file: string, { server, ca }: Where, user: User): void {
  const name = 'berth-test', base64 = (text: string) => Buffer.from(text).toString('base64')
  writeFileSync(file, JSON.stringify({
    apiVersion: 'v1', kind: 'Config', 'current-context': name,
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name, user: 'token' in user ? { token: user.token }
      : { 'client-certificate-data': base64(user.cert), 'client-key-data': base64(user.key) } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  }), { mode: 0o600 })
}

/** Reads one that `writeKubeconfig` wrote for an admin. */
export function readAdmin(file: string): Admin {
  const { clusters: [{ cluster }], users: [{ user }] } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly clusters: [{ readonly cluster: Readonly<Record<string, string>> }]; readonly users: [{ readonly user: Readonly<Record<string, string>> }]
  }
  const text = (base64: string | undefined) => Buffer.from(base64!, 'base64').toString()
  return { server: cluster['server']!, ca: text(cluster['certificate-authority-data']),
    cert: text(user['client-certificate-data']), key: text(user['client-key-data']) }
}
