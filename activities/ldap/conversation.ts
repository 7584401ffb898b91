/**
 * One conversation with an LDAP server. The only home of ldapjs, whose calls may never settle (a stalled result, a
 * restarted server, a refused connection that waits in a queue): here every conversation has a connection of its own,
 * queues nothing, never reconnects, ends at one absolute deadline, and is destroyed whatever happens.
 */
import ldap from 'ldapjs'
import { DirectoryUnavailable, LoginDenied } from '../../workflows/ports.ts'
import { writeDn, type Part } from './dn.ts'

export interface Peer {
  /** `ldap://host:port` or `ldaps://host:port`. */
  readonly url: string
  /** PEM of the authority that signs the server's certificate; absent means the machine's own list. */
  readonly ca?: string
  readonly startTls: boolean
  /** What is left of the time that the caller has. */
  readonly leftMs: number
}

/** An attribute must equal a value. Values are never pasted into a filter, so they cannot say anything else. */
export type Equals = readonly [attribute: string, value: string]

export interface Query {
  /** Any of these. */
  readonly where: readonly Equals[]
  readonly attributes: readonly string[]
  /** More entries than this are not read. */
  readonly atMost?: number
}

export interface Entry {
  /** Escaped as RFC 4514 says; may be used for bind and search as it is. */
  readonly dn: string
  values(attribute: string): readonly string[]
  /** The first value as bytes in hex, for binary ids. */
  hex(attribute: string): string | undefined
}

export interface Answer {
  readonly entries: readonly Entry[]
  /** There are more than `atMost`, or than the server shows. */
  readonly cut: boolean
}

export interface Talk {
  /** Rejects with the server's code in `code`. */
  bind(dn: string, password: string): Promise<void>
  /** The whole subtree under `base`. */
  search(base: string, query: Query): Promise<Answer>
}

const troubles = ['error', 'connectError', 'connectRefused', 'connectTimeout', 'setupError'] as const
const sizeLimitExceeded = 4

/** Throws `LoginDenied` as `talk` threw it, and `DirectoryUnavailable` for everything else that goes wrong. */
export async function converse<T>(peer: Peer, talk: (it: Talk) => Promise<T>): Promise<T> {
  const tls = peer.ca === undefined ? {} : { ca: peer.ca }
  let client: ldap.Client | undefined
  let timer: NodeJS.Timeout | undefined
  try {
    const timeout = Math.max(1, Math.ceil(peer.leftMs))
    const opened = client = ldap.createClient({
      url: peer.url, tlsOptions: tls, queueDisable: true, reconnect: false, timeout, connectTimeout: timeout,
    })
    const dead = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in time')), timeout)
      // Without a listener a refused connection is an uncaught exception, and takes the worker down.
      for (const name of troubles) opened.on(name, reject)
      opened.on('close', () => reject(new Error('the connection was closed')))
    })
    dead.catch(() => {})
    await Promise.race([dead, new Promise((done) => opened.once('connect', done))])
    if (peer.startTls) {
      // Without `host` the certificate would be checked against "localhost".
      const options = { ...tls, host: hostOf(peer.url) }
      await Promise.race([dead, settled((done) => opened.starttls(options, [], done))])
    }
    return await Promise.race([dead, talk(talkOver(opened, dead))])
  } catch (error) {
    if (error instanceof LoginDenied || error instanceof DirectoryUnavailable) throw error
    throw new DirectoryUnavailable(`The directory at ${peer.url} is away: ${reason(error)}.`, { cause: error })
  } finally {
    clearTimeout(timer)
    client?.removeAllListeners('close')
    client?.on('error', () => {})
    client?.destroy()
  }
}

function talkOver(client: ldap.Client, dead: Promise<never>): Talk {
  return {
    bind: (dn, password) => Promise.race([dead, settled((done) => client.bind(dn, password, done))]),
    search: (base, { where, attributes, atMost }) => Promise.race([dead, new Promise<Answer>((done, fail) => {
      const filters = where.map(([attribute, value]) => new ldap.EqualityFilter({ attribute, value }))
      const options = {
        scope: 'sub', filter: filters.length === 1 ? filters[0] : new ldap.OrFilter({ filters }),
        attributes: [...attributes], sizeLimit: atMost ?? 0,
      } as ldap.SearchOptions
      client.search(base, options, (error, found) => {
        if (error) return fail(error)
        const entries: Entry[] = []
        found.on('searchEntry', (entry) => entries.push(readEntry(entry)))
        found.on('searchReference', () => fail(new Error('it refers to another server, which is not followed')))
        found.on('error', (error) => {
          if ((error as { code?: unknown }).code === sizeLimitExceeded) done({ entries, cut: true })
          else fail(error)
        })
        found.on('end', (result) => result?.status === 0
          ? done({ entries, cut: false })
          : fail(new Error(`the search ended with status ${result?.status}`)))
      })
    })]),
  }
}

/** What @types/ldapjs does not know: ldapjs 3 hands the name over in parts. */
interface Rdn {
  keys(): Iterable<string>
  getValue(name: string): string | { readonly buffer: Buffer }
}
interface Dn {
  readonly length: number
  rdnAt(at: number): Rdn
}

function readEntry(entry: ldap.SearchEntry): Entry {
  const { pojo, attributes } = entry, { dn } = entry as unknown as { dn: Dn }
  const values = new Map(pojo.attributes.map(({ type, values }) => [type.toLowerCase(), values as string[]]))
  return {
    dn: writeDn(Array.from({ length: dn.length }, (_, at) => partOf(dn.rdnAt(at)))),
    values: (attribute) => values.get(attribute.toLowerCase()) ?? [],
    hex: (attribute) => attributes
      .find(({ type }) => type.toLowerCase() === attribute.toLowerCase())?.buffers[0]?.toString('hex'),
  }
}

function partOf(rdn: Rdn): Part {
  return [...rdn.keys()].map((name) => {
    const value = rdn.getValue(name)
    return { name, value: typeof value === 'string' ? value : { hex: value.buffer.toString('hex') } }
  })
}

function settled(send: (done: (error: unknown) => void) => void): Promise<void> {
  return new Promise((done, fail) => send((error) => (error ? fail(error) : done())))
}

function reason(error: unknown): string {
  const { name, message, code } = error as { name?: string; message?: string; code?: unknown }
  const text = (message || name || String(error)).replace(/\.$/, '')
  return typeof code === 'number' ? `${name}, code ${code}: ${text}` : text
}

/** An IPv6 address without its brackets. */
export function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '')
}
