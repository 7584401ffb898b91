/** A kubeconfig as kubectl reads it. Pure. */
import type { Access } from '../workflows/ports.ts'

/** `site` names cluster and context, so that files of several sites can be used together. */
export function kubeconfig({ server, authority, tlsName, namespace, user, token }: Access, site: string): string {
  // Every JSON string is one of YAML too, whatever is in it.
  const text = (value: string) => JSON.stringify(value), name = text(`berth-${site}`), who = text(`berth-${site}-${user}`)
  return [
    'apiVersion: v1',
    'kind: Config',
    `current-context: ${name}`,
    'clusters:',
    `  - name: ${name}`,
    '    cluster:',
    `      server: ${text(server)}`,
    ...(tlsName === undefined ? [] : [`      tls-server-name: ${text(tlsName)}`]),
    ...(authority === undefined ? [] : [`      certificate-authority-data: ${text(Buffer.from(authority).toString('base64'))}`]),
    'contexts:',
    `  - name: ${name}`,
    '    context:',
    `      cluster: ${name}`,
    `      user: ${who}`,
    `      namespace: ${text(namespace)}`,
    'users:',
    `  - name: ${who}`,
    '    user:',
    `      token: ${text(token)}`,
    '',
  ].join('\n')
}
