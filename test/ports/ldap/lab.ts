/** A real slapd for tests, with several service accounts that see different things, certificates, and faults. */
import { execFile } from 'node:child_process'
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { LdapOptions } from '../../../activities/ldap/directory.ts'
import { freePort } from '../../../worker/embedded/port.ts'
import { tether, type Tether } from '../../../worker/embedded/tether.ts'
import { canary, people } from '../directory.suite.ts'

const run = promisify(execFile)
export const suffix = 'dc=univ,dc=example'
/** Service accounts by what they see: all, no people and no groups, no groups, one entry per answer, no address (but whose it is). */
export const accounts = ['reader', 'blind', 'groupblind', 'tiny', 'mailblind'] as const
const rootDn = `cn=root,${suffix}`, secret = 'service-secret'

export interface SlapdLab {
  readonly dir: string
  readonly port: number
  readonly tlsPort: number
  /** Options that see everything; `as` picks another account. */
  options(over?: Partial<LdapOptions>, as?: (typeof accounts)[number]): LdapOptions
  modify(ldif: string): Promise<void>
  kill(): Promise<void>
  start(): Promise<void>
  freeze(): void
  thaw(): void
  stop(): Promise<void>
}

export async function startLab(): Promise<SlapdLab> {
  const dir = await mkdtemp(join(tmpdir(), 'berth-ldap-'))
  const port = await freePort(), tlsPort = await freePort()
  await mkdir(join(dir, 'db'))
  await makeCertificates(dir)
  await writeFile(join(dir, 'slapd.conf'), config(dir))
  await writeFile(join(dir, 'password'), secret + '\n')
  let slapd: Tether | undefined

  const lab: SlapdLab = {
    dir, port, tlsPort,
    options: (over = {}, as = 'reader') => ({
      url: `ldap://127.0.0.1:${port}`, bindDn: `cn=${as},${suffix}`, bindPasswordFile: join(dir, 'password'),
      base: `ou=people,${suffix}`, groupBase: `ou=groups,${suffix}`, canary,
      // Long enough for a busy machine; tests of the deadline itself set their own.
      deadlineMs: 15_000, ...over,
    }),
    modify: async (ldif) => {
      const file = join(dir, 'change.ldif')
      await writeFile(file, ldif)
      await run('ldapmodify', ['-x', '-H', `ldap://127.0.0.1:${port}`, '-D', rootDn, '-w', secret, '-f', file])
    },
    async start() {
      const urls = `ldap://127.0.0.1:${port}/ ldaps://127.0.0.1:${tlsPort}/`
      const args = ['-d', '0', '-f', join(dir, 'slapd.conf'), '-h', urls]
      const it = slapd = await tether('slapd', args, { log: join(dir, 'log') })
      for (const until = Date.now() + 30_000; !(await answers(port));) {
        if (!it.isAlive() || Date.now() > until) throw new Error(`slapd did not start: ${it.lastLines()}`)
        await new Promise((done) => setTimeout(done, 20))
      }
    },
    kill: async () => slapd?.kill(),
    freeze: () => slapd?.freeze(),
    thaw: () => slapd?.thaw(),
    async stop() {
      await lab.kill()
      await rm(dir, { recursive: true, force: true })
    },
  }
  try {
    await lab.start()
    await lab.modify(entries())
  } catch (error) {
    await lab.stop()
    throw error
  }
  return lab
}

function config(dir: string): string {
  return `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile ${dir}/slapd.pid
# An unauthenticated bind answers "success" here, so that a test sees whether an empty password is ever sent.
allow bind_anon_cred
TLSCACertificateFile ${dir}/ca.pem
TLSCertificateFile ${dir}/server.pem
TLSCertificateKeyFile ${dir}/server.key
database mdb
suffix "${suffix}"
rootdn "${rootDn}"
rootpw ${secret}
directory ${dir}/db
limits dn.exact="cn=tiny,${suffix}" size=1
access to attrs=mail by dn.exact="cn=mailblind,${suffix}" search by dn.exact="cn=blind,${suffix}" none by users read by anonymous none
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="ou=people,${suffix}" by dn.exact="cn=blind,${suffix}" none by users read by anonymous none
access to dn.subtree="ou=groups,${suffix}" by dn.regex="^cn=(group)?blind," none by users read by anonymous none
access to * by users read by anonymous none
index objectClass,uid,member,memberUid eq
overlay memberof
memberof-group-oc groupOfNames
`
}

/** A DN's value: RFC 4514 escapes. */
const inDn = (text: string) => text.replace(/[,\\+"<>;=]/g, '\\$&')
export const dnOf = (uid: string) => `uid=${inDn(uid)},ou=people,${suffix}`
const base64 = (attribute: string, text: string) => `${attribute}:: ${Buffer.from(text).toString('base64')}`

export function personEntry(person: { uid: string; password?: string; disabled?: boolean; mail?: readonly string[] }, dn = dnOf(person.uid)): string {
  return [
    base64('dn', dn), 'changetype: add', 'objectClass: inetOrgPerson', 'objectClass: shadowAccount',
    base64('uid', person.uid), 'cn: x', 'sn: x', base64('userPassword', person.password ?? 'x'),
    ...(person.mail ?? []).map((mail) => base64('mail', mail)),
    ...(person.disabled ? ['shadowExpire: 1000'] : []), '', '',
  ].join('\n')
}

function groupEntry(name: string, members: readonly string[]): string {
  return [
    base64('dn', `cn=${inDn(name)},ou=groups,${suffix}`), 'changetype: add', 'objectClass: groupOfNames', base64('cn', name),
    ...members.map((uid) => base64('member', dnOf(uid))), '', '',
  ].join('\n')
}

function entries(): string {
  const add = (dn: string, ...lines: string[]) => [`dn: ${dn}`, 'changetype: add', ...lines, '', ''].join('\n')
  const unit = (name: string, under = suffix) => add(`ou=${name},${under}`, 'objectClass: organizationalUnit', `ou: ${name}`)
  const inGroup = (group: string) => people.filter(({ groups }) => (groups as readonly string[]).includes(group)).map(({ uid }) => uid)
  const twins = `ou=twins,${suffix}`
  return [
    add(suffix, 'objectClass: dcObject', 'objectClass: organization', 'o: univ', 'dc: univ'),
    ...accounts.map((name) => add(`cn=${name},${suffix}`, 'objectClass: organizationalRole', 'objectClass: simpleSecurityObject',
      `cn: ${name}`, `userPassword: ${secret}`)),
    unit('people'), unit('groups'), unit('empty'), unit('elsewhere'), unit('twins'),
    unit('a', twins), unit('b', twins), unit('c', twins), unit('both', twins), unit('triple', twins),
    ...people.map((person) => personEntry(person)),
    personEntry({ uid: canary.uid }),
    groupEntry('students', inGroup('students')), groupEntry('staff', inGroup('staff')), groupEntry(canary.group, [canary.uid]),
    add(`cn=posix,ou=groups,${suffix}`, 'objectClass: posixGroup', 'cn: posix', 'gidNumber: 1', 'memberUid: mika'),
    add(`ou=away,ou=elsewhere,${suffix}`, 'objectClass: referral', 'objectClass: extensibleObject', 'ou: away',
      `ref: ldap://127.0.0.1:9/ou=people,${suffix}`),
    ...['a', 'b'].map((ou) => personEntry({ uid: 'twin', password: 'twin-secret' }, `uid=twin,ou=${ou},${twins}`)),
    ...['a', 'b', 'c'].map((ou) => personEntry({ uid: 'triplet', password: 'x' }, `uid=triplet,ou=${ou},${twins}`)),
  ].join('')
}

/** One authority, a server certificate for 127.0.0.1, and another authority that signed nothing. */
async function makeCertificates(dir: string): Promise<void> {
  const openssl = (...args: string[]) => run('openssl', args, { cwd: dir })
  const authority = (name: string) => openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
    '-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '2', '-subj', `/CN=${name}`)
  await Promise.all([authority('ca'), authority('stranger')])
  await openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'server.key',
    '-out', 'server.csr', '-subj', '/CN=directory')
  await writeFile(join(dir, 'names'), 'subjectAltName=IP:127.0.0.1')
  await openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial',
    '-out', 'server.pem', '-days', '2', '-extfile', 'names')
}

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => { socket.destroy(); done(true) })
    socket.on('error', () => done(false))
  })
}
