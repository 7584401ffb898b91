/** OpenLDAP on free loopback ports, with memberOf and TLS. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { find, need } from './find.ts'
import { makeCertificates, type Certificates } from './certificate.ts'
import { entriesOf, ldifOf, tree, type Group, type Person, type Tree } from './people.ts'
import { freePort } from './port.ts'
import { runServer, type Server } from './server.ts'

export interface SlapdOptions {
  /** Takes configuration, database and certificates; must exist. */
  readonly dir: string
  readonly people: readonly Person[]
  readonly groups: readonly Group[]
}

export interface Slapd extends Server, Tree {
  readonly url: string
  /** Absent where there is no openssl program to make certificates. */
  readonly ldapsUrl?: string
  /** PEM of the authority that signed its certificate (localhost, 127.0.0.1). */
  readonly ca?: string
  /** Applies LDIF as the directory's own admin, past all access rules; a record without `changetype` is added. */
  apply(ldif: string): Promise<void>
}

const rootDn = `cn=admin,${tree.base}`, rootPassword = 'changes-all'

/** Starts it with these people, groups and the canary; returns when all are in. It dies with this process. */
export async function startSlapd({ dir, people, groups }: SlapdOptions): Promise<Slapd> {
  const [port, tlsPort] = [await freePort(), await freePort()]
  const url = `ldap://127.0.0.1:${port}`, ldapsUrl = `ldaps://127.0.0.1:${tlsPort}`
  const tls = find('openssl') ? makeCertificates(dir) : undefined
  mkdirSync(join(dir, 'db'), { recursive: true })
  writeFileSync(join(dir, 'slapd.conf'), configuration(dir, tls), { mode: 0o600 })
  writeFileSync(join(dir, 'password'), rootPassword, { mode: 0o600 })
  const server = await runServer({
    what: 'The directory (slapd)', command: need('slapd', 'slapd'), log: join(dir, 'slapd.log'), port,
    args: ['-f', join(dir, 'slapd.conf'), '-d', '0', '-h', tls ? `${url} ${ldapsUrl}` : url],
    ready: async () => true,
  })
  const apply = (ldif: string) => modify(url, dir, ldif)
  try {
    await apply(ldifOf(entriesOf(people, groups)))
  } catch (error) {
    await server.kill()
    throw error
  }
  return Object.assign(Object.create(server) as typeof server, tree, { url, apply }, tls && { ldapsUrl, ca: tls.ca })
}

function configuration(dir: string, tls: Certificates | undefined): string {
  const schema = ['core', 'cosine', 'nis', 'inetorgperson'].map((name) => `include /etc/ldap/schema/${name}.schema`)
  const modules = ['/usr/lib/ldap', '/usr/libexec/openldap', '/usr/lib/openldap'].find((folder) => existsSync(folder))
  return [
    ...schema, `modulepath ${modules}`, 'moduleload back_mdb', 'moduleload memberof', `pidfile ${dir}/slapd.pid`,
    ...(tls ? [`TLSCACertificateFile ${tls.caFile}`, `TLSCertificateFile ${tls.certFile}`, `TLSCertificateKeyFile ${tls.keyFile}`] : []),
    'database mdb', `suffix "${tree.base}"`, `rootdn "${rootDn}"`, `rootpw ${rootPassword}`, `directory ${dir}/db`,
    'maxsize 268435456', 'dbnosync', 'index objectClass,uid,member,memberOf,entryUUID eq',
    'access to attrs=userPassword by anonymous auth by * none',
    `access to * by dn.exact="${tree.bindDn}" read by self read by * none`,
    'overlay memberof', 'memberof-group-oc groupOfNames', 'memberof-member-ad member', 'memberof-memberof-ad memberOf',
    'memberof-refint TRUE', '',
  ].join('\n')
}

function modify(url: string, dir: string, ldif: string): Promise<void> {
  return new Promise((done, fail) => {
    const child = execFile(need('ldapmodify', 'ldap-utils'),
      ['-a', '-x', '-H', url, '-D', rootDn, '-y', join(dir, 'password')], { timeout: 30_000 },
      (error, _out, complaint) => error ? fail(new Error(`LDIF was refused: ${complaint.trim() || error.message}`)) : done())
    child.stdin!.on('error', () => {}).end(ldif)
  })
}
