/** What proves the parts of a cluster to each other: an authority, two certificates, a key for service accounts, tokens. */
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { need } from '../../worker/embedded/find.ts'

/** The programs that speak to the API server, and who they are there: user, and group if any. */
const users = {
  'kube-controller-manager': ['system:kube-controller-manager'],
  'kube-scheduler': ['system:kube-scheduler'],
  'kube-proxy': ['system:kube-proxy'],
  kubelet: ['system:node:node1', 'system:nodes'],
} as const

export type Component = keyof typeof users

export interface Credentials {
  /** Folder of the files that are named below and in the flags. */
  readonly dir: string
  /** In PEM. */
  readonly ca: string
  /** The certificate and key of an admin of the cluster (group system:masters), in PEM. */
  readonly cert: string
  readonly key: string
  readonly tokens: Readonly<Record<Component, string>>
}

/** Makes all of it in `dir`; the server's certificate is good for these addresses. Files have mode 600. */
export function makeCredentials(dir: string, addresses: readonly string[]): Credentials {
  mkdirSync(dir, { mode: 0o700 })
  const at = (name: string) => join(dir, name)
  const write = (name: string, text: string) => writeFileSync(at(name), text, { mode: 0o600 })
  const openssl = (...args: string[]) => execFileSync(need('openssl', 'openssl'), args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...newKey, '-keyout', at('ca.key'), '-out', at('ca.crt'), '-days', '2', '-subj', '/CN=berth-test-cluster',
    '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign')
  const sign = (name: string, subject: string, extensions: string) => {
    openssl('req', ...newKey, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`), '-subj', subject)
    write(`${name}.ext`, extensions)
    openssl('x509', '-req', '-in', at(`${name}.csr`), '-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2',
      '-extfile', at(`${name}.ext`), '-out', at(`${name}.crt`))
  }
  const names = ['DNS:localhost', 'DNS:kubernetes.default.svc', ...addresses.map((address) => `IP:${address}`)]
  sign('server', '/CN=kube-apiserver', `extendedKeyUsage=serverAuth\nsubjectAltName=${names.join(',')}\n`)
  sign('admin', '/O=system:masters/CN=admin', 'extendedKeyUsage=clientAuth\n')
  // The API server reads a public key only from a file that holds nothing else.
  const account = generateKeyPairSync('ec', { namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
  write('accounts.key', account.privateKey)
  write('accounts.pub', account.publicKey)
  const components = Object.keys(users) as Component[]
  const tokens = Object.fromEntries(components.map((component) => [component, randomBytes(16).toString('hex')])) as Record<Component, string>
  write('tokens.csv', components.map((component) => {
    const [user, group] = users[component] as readonly string[]
    return `${tokens[component]},${user},${component}${group ? `,"${group}"` : ''}\n`
  }).join(''))
  const read = (name: string) => readFileSync(at(name), 'utf8')
  return { dir, ca: read('ca.crt'), cert: read('admin.crt'), key: read('admin.key'), tokens }
}
