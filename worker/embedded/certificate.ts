/** Certificates for a day, made with the openssl program, since Node makes none. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { need } from './find.ts'

export interface Certificates {
  /** The authority's certificate in PEM, and the paths of all three files. */
  readonly ca: string
  readonly caFile: string
  readonly certFile: string
  readonly keyFile: string
}

/** An authority of our own, and a certificate of it for localhost and 127.0.0.1, in `dir`. Keys have mode 600. */
export function makeCertificates(dir: string): Certificates {
  const openssl = (...args: string[]) => execFileSync(need('openssl', 'openssl'), args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const at = (name: string) => join(dir, name)
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...newKey, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-days', '2', '-subj', '/CN=Berth test authority',
    '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign')
  openssl('req', ...newKey, '-keyout', at('server.key'), '-out', at('server.csr'), '-subj', '/CN=localhost')
  writeFileSync(at('server.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n')
  openssl('x509', '-req', '-in', at('server.csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2',
    '-extfile', at('server.ext'), '-out', at('server.pem'))
  return { ca: readFileSync(at('ca.pem'), 'utf8'), caFile: at('ca.pem'), certFile: at('server.pem'), keyFile: at('server.key') }
}
