/** A directory in memory: for the demo without slapd and for tests, with switches for each kind of trouble. */
import { createHash } from 'node:crypto'
import { DirectoryUnavailable, LoginDenied, type Directory, type Found, type Person } from '../../workflows/ports.ts'

export interface MemoryPerson {
  readonly uid: string
  readonly groups: readonly string[]
  /** Nobody can sign in without one. */
  readonly password?: string
  /** Made from the uid when absent; another one under the same uid is another person. */
  readonly uuid?: string
  readonly disabled?: boolean
  readonly mail?: readonly string[]
}

/**
 * `down`: refuses connections. `hidden`: an access rule hides everybody, the canary too. `groupsHidden`: it hides the
 * groups alone. `wrong`: answers what makes no sense (an error code, two entries for one uid).
 */
export type Trouble = 'down' | 'hidden' | 'groupsHidden' | 'wrong'

export interface MemoryDirectory extends Required<Directory> {
  /** Set and cleared at will. */
  trouble: Trouble | undefined
  /** Every answer takes so long; beyond `deadlineMs` it is none. */
  slowMs: number
  readonly deadlineMs: number
  /** Adds a person, or replaces the one of this uid. */
  put(person: MemoryPerson): void
  remove(uid: string): void
  /** How often it was asked. */
  readonly asked: number
}

export interface MemoryDirectoryOptions {
  readonly people: readonly MemoryPerson[]
  /** Present unless trouble hides it; needs no entry in `people`. */
  readonly canary?: { readonly uid: string; readonly group: string }
  readonly deadlineMs?: number
}

export function memoryDirectory({ people, canary, deadlineMs = 2500 }: MemoryDirectoryOptions): MemoryDirectory {
  const entries = new Map<string, MemoryPerson>()
  let asked = 0

  /** What is found, or a proven absence; throws for anything in between. */
  async function look<T>(find: () => T): Promise<T> {
    asked += 1
    const slow = it.slowMs
    if (slow > 0) await new Promise((done) => setTimeout(done, Math.min(slow, deadlineMs)))
    if (slow >= deadlineMs) throw new DirectoryUnavailable(`The directory did not answer within ${deadlineMs} ms.`)
    if (it.trouble === 'down') throw new DirectoryUnavailable('The directory refuses connections.')
    if (it.trouble === 'wrong') throw new DirectoryUnavailable('The directory answered with operations error (1).')
    const found = find()
    const blind = it.trouble === 'hidden' || it.trouble === 'groupsHidden'
    if (blind) throw new DirectoryUnavailable('The directory shows neither the member nor the canary.')
    return found
  }
  const byUid = (uid: string) => () => entries.get(uid.toLowerCase())

  const it: MemoryDirectory = {
    trouble: undefined,
    slowMs: 0,
    deadlineMs,
    get asked() { return asked },
    put: (person) => void entries.set(person.uid.toLowerCase(), person),
    remove: (uid) => void entries.delete(uid.toLowerCase()),
    async find(uid): Promise<Found> {
      const entry = await look(byUid(uid))
      return entry ? { is: 'person', person: personOf(entry) } : { is: 'absent' }
    },
    async findByMail(mail) {
      const same = (other: string) => other.toLowerCase() === mail.toLowerCase()
      const [entry, ...more] = await look(() => [...entries.values()].filter((one) => one.mail?.some(same)))
      if (more.length > 0) return { is: 'several' }
      return entry ? { is: 'person', person: personOf(entry) } : { is: 'absent' }
    },
    async login(uid, password) {
      if (uid === '' || password === '') throw new LoginDenied('A name and a password are needed.')
      const entry = await look(byUid(uid))
      if (!entry || entry.password === undefined || entry.password !== password) {
        throw new LoginDenied('The name or the password is wrong.')
      }
      return personOf(entry)
    },
  }
  if (canary) it.put({ uid: canary.uid, groups: [canary.group] })
  for (const person of people) it.put(person)
  return it
}

function personOf({ uid, groups, uuid, disabled = false }: MemoryPerson): Person {
  const lower = uid.toLowerCase()
  const dn = `uid=${lower},ou=people,dc=memory`
  return { uid: lower, uuid: uuid ?? madeUuid(lower), dn, groups: [...groups], disabled }
}

function madeUuid(uid: string): string {
  const hex = createHash('sha256').update(uid).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), '4' + hex.slice(13, 16), '8' + hex.slice(17, 20), hex.slice(20, 32)].join('-')
}
