/** ldapjs's own server as the directory, in this process: for the demo on machines without slapd. */
import ldap from 'ldapjs'
import { randomUUID } from 'node:crypto'
import { entriesOf, tree, type Entry, type Group, type Person, type Tree } from './people.ts'

export interface InProcessDirectory extends Tree {
  readonly url: string
  stop(): Promise<void>
}

interface Stored {
  readonly dn: string
  /** By lower-case name. */
  readonly attributes: Readonly<Record<string, readonly string[]>>
}

/** Attributes that come only when they are asked for by name (RFC 4512, section 3.4). */
const operational = ['entryuuid', 'memberof']

/** Starts it on a free loopback port with these people, groups and the canary. */
export async function startDirectory({ people, groups }: { people: readonly Person[]; groups: readonly Group[] }): Promise<InProcessDirectory> {
  const entries = store(entriesOf(people, groups))
  const server = ldap.createServer()
  server.on('error', () => {})
  server.bind('', (request: Request, response: Response, next: Next) => {
    const dn = sameDn(String(request.dn))
    const found = entries.find((entry) => entry.dn === dn)
    if (!request.credentials) return next(new ldap.UnwillingToPerformError('no password'))
    if (!found?.attributes['userpassword']?.includes(request.credentials)) return next(new ldap.InvalidCredentialsError())
    response.end()
    return next()
  })
  server.search('', (request: Request, response: Response, next: Next) => {
    if (sameDn(String(request.connection.ldap.bindDN)) !== sameDn(tree.bindDn)) return next(new ldap.InsufficientAccessRightsError())
    const hits = search(entries, request)
    if (!hits) return next(new ldap.NoSuchObjectError(String(request.dn)))
    if (request.sizeLimit && hits.length > request.sizeLimit) return next(new ldap.SizeLimitExceededError('too many'))
    // Its own choice of attributes minds the case of their names.
    response.attributes = []
    for (const hit of hits) response.send({ dn: hit.dn, attributes: shown(hit, request.attributes) })
    response.end()
    return next()
  })
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(0, '127.0.0.1', done)
  })
  const url = server.url.replace(/\/$/, '')
  return { ...tree, url, stop: () => new Promise((done) => { server.close(() => done()) }) }
}

// ldapjs's types say nothing of these.
type Next = (error?: unknown) => void
interface Request {
  readonly dn: { toString(): string }
  readonly credentials?: string
  readonly scope: string | number
  readonly filter: Filter
  readonly attributes: readonly string[]
  readonly sizeLimit: number
  readonly connection: { readonly ldap: { readonly bindDN: { toString(): string } } }
}
interface Response {
  attributes: string[]
  send(entry: unknown): void
  end(): void
}
interface Filter {
  readonly type: string
  readonly attribute: string
  readonly value?: string
  readonly filters?: readonly Filter[]
  readonly filter?: Filter
}

function store(entries: readonly Entry[]): Stored[] {
  const stored = entries.map(({ dn, attributes }) => ({
    dn: sameDn(dn),
    attributes: {
      ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name.toLowerCase(), [value].flat() as string[]])),
      entryuuid: [randomUUID()] as string[],
    } as Record<string, string[]>,
  }))
  for (const entry of stored) {
    const groups = stored.filter(({ attributes }) => attributes['member']?.some((member) => sameDn(member) === entry.dn))
    if (groups.length) entry.attributes['memberof'] = groups.map(({ dn }) => dn)
  }
  return stored
}

function search(entries: readonly Stored[], request: Request): Stored[] | undefined {
  const base = sameDn(String(request.dn)), scope = String(request.scope)
  if (!entries.some(({ dn }) => dn === base)) return undefined
  return entries.filter(({ dn, attributes }) => (
    (scope === 'base' || scope === '0' ? dn === base
      : scope === 'one' || scope === '1' ? dn.endsWith(`,${base}`) && ldap.parseDN(dn).length === ldap.parseDN(base).length + 1
        : dn === base || dn.endsWith(`,${base}`))
    && matches(request.filter, attributes)))
}

/** All that Berth asks with; anything else matches nothing, as an undefined filter does in LDAP. */
function matches(filter: Filter, attributes: Stored['attributes']): boolean {
  const values = attributes[filter.attribute?.toLowerCase()] ?? []
  switch (filter.type) {
    case 'AndFilter': return filter.filters!.every((one) => matches(one, attributes))
    case 'OrFilter': return filter.filters!.some((one) => matches(one, attributes))
    case 'NotFilter': return !matches(filter.filter!, attributes)
    case 'PresenceFilter': return values.length > 0
    case 'EqualityFilter': return values.some((value) => sameValue(filter.attribute, value) === sameValue(filter.attribute, filter.value!))
    default: return false
  }
}

const sameValue = (attribute: string, value: string) => /^member(of)?$/i.test(attribute) ? sameDn(value) : value.toLowerCase()

/** One spelling for equal names; a text that is no DN equals itself. */
function sameDn(text: string): string {
  try {
    return ldap.parseDN(text).toString().toLowerCase()
  } catch {
    return text.toLowerCase()
  }
}

const spelling: Record<string, string> = { objectclass: 'objectClass', entryuuid: 'entryUUID', memberof: 'memberOf' }

function shown(hit: Stored, wanted: readonly string[]): Record<string, readonly string[]> {
  const asked = new Set(wanted.map((name) => name.toLowerCase()))
  const shows = (name: string) => asked.has(name) || (operational.includes(name) ? asked.has('+') : asked.has('*') || !asked.size)
  return Object.fromEntries(Object.entries(hit.attributes).filter(([name]) => name !== 'userpassword' && shows(name))
    .map(([name, values]) => [spelling[name] ?? name, values]))
}
