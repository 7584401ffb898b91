/** The directory over LDAP: who a member is, now. Every verb is one look with one deadline; nothing is remembered. */
import { readFile } from 'node:fs/promises'
import { DirectoryUnavailable, LoginDenied, type Directory, type Person } from '../../workflows/ports.ts'
import { isMail } from '../mail.ts'
import { converse, hostOf, type Entry, type Equals, type Peer, type Talk } from './conversation.ts'
import { attributesOf, isDisabled, knownMarks, type DisabledRule } from './disabled.ts'
import { isUnder, nameInDn } from './dn.ts'

export interface LdapOptions {
  /** `ldaps://host`, or `ldap://host` with `startTls`; without TLS only on loopback, for passwords travel on it. */
  readonly url: string
  /** File (PEM) of the authority that signed the server's certificate; absent means the machine's own list. */
  readonly tls?: { readonly ca: string }
  readonly startTls?: boolean
  /** The service account that reads people and groups. */
  readonly bindDn: string
  /** Its password in a file, read at each look, so that it can be changed without a restart. */
  readonly bindPasswordFile: string
  /** Where people are. */
  readonly base: string
  /** Where groups are. */
  readonly groupBase: string
  /** `uid`; Active Directory has `sAMAccountName`. */
  readonly uidAttribute?: string
  /** `entryUUID` (RFC 4530); Active Directory has `objectGUID`. */
  readonly uuidAttribute?: string
  /** `search` finds groups that list the member; `memberOf` reads the member's own attribute. */
  readonly groups?: 'search' | 'memberOf'
  /** How groups list members: `memberUid` (posixGroup) holds the uid, any other attribute the DN. */
  readonly memberAttributes?: readonly string[]
  /**
   * A person who always exists, and a group that this person is always in, both for nothing else. Whoever is not found
   * is absent only if the same conversation finds these, by the same way.
   */
  readonly canary: { readonly uid: string; readonly group: string }
  /** What shuts an account; absent means whatever directories commonly use. */
  readonly disabled?: readonly DisabledRule[]
  /** For a whole verb. Less than 3 s, since somebody waits (workflows/timeouts.ts). */
  readonly deadlineMs?: number
}

/** An entry with this value; what cannot stand in the attribute is not sent, and proven absent like anything else. */
interface Wanted {
  readonly where: Equals
  readonly isSent: boolean
  /** Some servers take é for e (Active Directory): then what the entry itself shows decides. */
  readonly exact?: boolean
}

const longestUid = 200, longestPassword = 1024
/** A user's bind that says no to the password itself: inappropriate (a policy's constraint), invalid, unwilling. */
const refusals = [19, 49, 53]

/** Throws at once when the options would send passwords in clear. */
export function createLdapDirectory(options: LdapOptions): Required<Directory> {
  const {
    url, startTls = false, bindDn, base, groupBase, canary, uidAttribute = 'uid', uuidAttribute = 'entryUUID',
    groups: way = 'search', memberAttributes = ['member'], disabled = knownMarks, deadlineMs = 2500,
  } = options
  if (!url.startsWith('ldaps://') && !startTls && !isLoopback(url)) {
    throw new Error(`${url} would send passwords in clear. Use ldaps://, or set startTls.`)
  }
  const attributes = [uidAttribute, uuidAttribute, ...(way === 'memberOf' ? ['memberOf'] : []), ...attributesOf(disabled)]

  /** What is needed for a conversation; files are read each time, so that new ones need no restart. */
  async function prepare(): Promise<{ peer: () => Peer; password: string }> {
    const until = performance.now() + deadlineMs
    const password = (await readConfigured(options.bindPasswordFile)).replace(/\r?\n$/, '')
    const ca = options.tls && await readConfigured(options.tls.ca)
    if (password === '') throw new DirectoryUnavailable(`${options.bindPasswordFile} is empty.`)
    const peer = () => ({ url, startTls, leftMs: until - performance.now(), ...(ca !== undefined && { ca }) })
    return { peer, password }
  }

  const entriesOf = (talk: Talk, where: Equals) => talk.search(base, { where: [where], attributes: [...new Set([...attributes, where[0]])], atMost: 2 })

  async function groupsOf(talk: Talk, entry: Entry): Promise<string[]> {
    if (way === 'memberOf') {
      return entry.values('memberOf').filter((dn) => isUnder(dn, groupBase)).map(nameInDn).filter((name) => name !== '')
    }
    const where = memberAttributes.map((attribute) =>
      [attribute, attribute.toLowerCase() === 'memberuid' ? uidOf(entry) : entry.dn] as const)
    const { entries, cut } = await talk.search(groupBase, { where, attributes: ['cn'] })
    if (cut) throw new DirectoryUnavailable('The directory cut off the list of a member\'s groups: raise its size limit.')
    return entries.flatMap((group) => group.values('cn').slice(0, 1))
  }

  const uidOf = (entry: Entry): string => [...entry.values(uidAttribute)].map((uid) => uid.toLowerCase()).sort()[0] ?? ''

  async function assertCanary(talk: Talk): Promise<void> {
    const { entries: [entry] } = await entriesOf(talk, [uidAttribute, canary.uid])
    const seen = entry && (await groupsOf(talk, entry)).some((name) => name.toLowerCase() === canary.group.toLowerCase())
    if (!seen) {
      throw new DirectoryUnavailable(
        `The directory does not show the canary ${canary.uid} in ${canary.group}, so what it does not show proves nothing.`)
    }
  }

  /** The one member that is wanted; undefined when proven absent; 'several' when there are more. */
  async function look(talk: Talk, { where, isSent, exact = false }: Wanted): Promise<Person | 'several' | undefined> {
    const { entries, cut } = isSent ? await entriesOf(talk, where) : { entries: [], cut: false }
    if (entries.length > 1) return 'several'
    if (cut) throw new DirectoryUnavailable('The directory cut off its answer.')
    const entry = entries[0]
    if (!entry) {
      await assertCanary(talk)
      return undefined
    }
    if (exact && !isShown(entry, where)) throw new DirectoryUnavailable(`The directory does not show the ${where[0]} by which it found a member.`)
    const uuid = uuidAttribute.toLowerCase() === 'objectguid' ? entry.hex(uuidAttribute) : entry.values(uuidAttribute)[0]
    if (!uuid || !uidOf(entry)) {
      throw new DirectoryUnavailable(`The directory does not show ${uuidAttribute} and ${uidAttribute} of a member.`)
    }
    const groups = await groupsOf(talk, entry)
    // No group at all may be an access rule that hides them, and would take every right away.
    if (groups.length === 0) await assertCanary(talk)
    return { uid: uidOf(entry), uuid, dn: entry.dn, groups, disabled: isDisabled(entry, disabled, Date.now()) }
  }

  /** Looks as the service account. Its own password being refused is our misconfiguration: unavailable, not denied. */
  const ask = (peer: Peer, wanted: Wanted, password: string) => converse(peer, async (talk) => {
    await talk.bind(bindDn, password)
    return look(talk, wanted)
  })
  const byUid = (uid: string): Wanted => ({ where: [uidAttribute, uid], isSent: isSendable(uid) })

  return {
    async find(uid) {
      const { peer, password } = await prepare()
      const found = await ask(peer(), byUid(uid), password)
      if (found === 'several') throw new DirectoryUnavailable(`Several entries have the ${uidAttribute} "${uid}".`)
      return found ? { is: 'person', person: found } : { is: 'absent' }
    },

    async findByMail(mail) {
      const { peer, password } = await prepare()
      const found = await ask(peer(), { where: ['mail', mail], isSent: isSendable(mail) && isMail(mail), exact: true }, password)
      if (found === 'several') return { is: 'several' }
      return found ? { is: 'person', person: found } : { is: 'absent' }
    },

    async login(uid, password) {
      // A server may take a bind without password as anonymous and answer "success".
      const given = [uid, password].every((text) => typeof text === 'string' && text !== '')
      if (!given) throw new LoginDenied('A name and a password are needed.')
      if (!isSendable(uid) || password.length > longestPassword || !password.isWellFormed()) throw denied()
      const { peer, password: servicePassword } = await prepare()
      const found = await ask(peer(), byUid(uid), servicePassword)
      if (!found || found === 'several') throw denied()
      await converse(peer(), async (talk) => {
        await talk.bind(found.dn, password).catch((error) => {
          throw refusals.includes((error as { code?: number }).code ?? 0) ? denied() : error
        })
      })
      return found
    },
  }
}

const denied = () => new LoginDenied('The name or the password is wrong.')

/** Whether a uid may be sent at all: no control characters (NUL among them), no broken Unicode, not too long. */
export const isSendable = (uid: string): boolean =>
  uid !== '' && uid.length <= longestUid && uid.isWellFormed() && !/\p{Cc}/u.test(uid)

const isShown = (entry: Entry, [attribute, value]: Equals): boolean =>
  entry.values(attribute).some((one) => one.toLowerCase() === value.toLowerCase())

function isLoopback(url: string): boolean {
  const host = hostOf(url)
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

async function readConfigured(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: Error) => {
    throw new DirectoryUnavailable(`${file} cannot be read: ${error.message}.`, { cause: error })
  })
}
