/** Signing in, staying so, and out. The directory decides; Berth keeps no password and no session. */
import { DirectoryUnavailable, LoginDenied, type Directory, type Person } from '../../workflows/ports.ts'
import type { Desk } from '../../workflows/terms.ts'
import { Refused, stop } from '../refused.ts'
import type { Accounts } from './accounts.ts'
import { directoryAway } from './failures.ts'
import { SlidingWindow } from './limits.ts'
import type { GatewayOptions } from './options.ts'
import type { Seals } from './seals.ts'
import { issue, openClaims, type Claims, type Tokens } from './tokens.ts'

export interface Needs {
  readonly directory: Pick<Directory, 'login' | 'find'>
  readonly isAdmin: (person: Person) => boolean
  readonly accounts: Accounts
  readonly seals: Seals
  readonly options: GatewayOptions
}

export interface Login {
  readonly uid: string
  readonly password: string
  readonly address: string
}

export interface Sessions {
  login(who: Login): Promise<Tokens>
  /** Whose name and password these are, under the limits of a login; opens the account. Throws the refusal. */
  prove(who: Login): Promise<{ readonly person: Person; readonly epoch: number }>
  /** Who a proven member is now; throws when it is somebody else, or nobody, or disabled. */
  person(who: { readonly uid: string; readonly uuid: string }): Promise<Person>
  /** A new access token; the refresh token stays as it is. */
  refresh(token: string): Promise<Pick<Tokens, 'uid' | 'access' | 'accessUntil'>>
  /** What a valid access token claims; its epoch is not compared yet. */
  claims(token: string | undefined): Claims
  /** Throws when the token's epoch is older than the account's. */
  assertCurrent(claims: Claims, desk: Desk): void
  /** Throws unless the directory says at this moment that this is an admin. */
  assertAdmin(claims: Claims): Promise<void>
  /** Whether the directory knows a member. */
  knows(uid: string): Promise<boolean>
}

export const notSignedIn = () => stop('notSignedIn', 'You are not signed in, or no longer; sign in with berth login.')
/** The same for an unknown member and a wrong password. */
const denied = () => stop('denied', 'The directory does not accept this name and password; try again, or ask who runs it.')

export function createSessions({ directory, isAdmin, accounts, seals, options }: Needs): Sessions {
  const perMember = new SlidingWindow(options.loginPerMember, options.remembered)
  const perAddress = new SlidingWindow(options.loginPerAddress, options.remembered)

  /** The person that the claims mean, asked now. */
  const person = async (claims: Pick<Claims, 'uid' | 'uuid'>): Promise<Person> => {
    const found = await directory.find(claims.uid)
    if (found.is === 'absent') throw notSignedIn()
    if (found.person.uuid !== claims.uuid) throw stop('stranger', 'This name belongs to somebody else now; sign in again with berth login.')
    if (found.person.disabled) throw stop('disabled', 'Your account in the directory is disabled; ask who runs it.')
    return found.person
  }
  const access = (claims: Omit<Claims, 'kind' | 'exp'>, until: number) => {
    const accessUntil = Math.min(until, options.now() + options.accessMs)
    return { uid: claims.uid, access: issue(seals, { ...claims, kind: 'access', exp: accessUntil }), accessUntil }
  }

  return {
    person,
    async login(who) {
      const { person: found, epoch } = await this.prove(who)
      const refreshUntil = options.now() + options.refreshMs, claims = { uid: found.uid, uuid: found.uuid, epoch }
      return { ...access(claims, refreshUntil), refresh: issue(seals, { ...claims, kind: 'refresh', exp: refreshUntil }), refreshUntil }
    },
    async prove({ uid, password, address }) {
      const now = options.now(), key = uid.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase()
      const wait = Math.max(perMember.waitMs(key, now), perAddress.waitMs(address, now))
      if (wait > 0) throw new SlowDown(wait)
      // Counted before the directory is asked, so that many at once cannot slip through together.
      perMember.add(key, now)
      perAddress.add(address, now)
      const forgive = () => {
        perMember.forgive(key)
        perAddress.forgive(address)
      }
      let found: Person
      try {
        found = await directory.login(uid, password)
      } catch (error) {
        if (error instanceof LoginDenied) throw denied()
        forgive()
        throw error instanceof DirectoryUnavailable ? new Refused(directoryAway) : error
      }
      forgive()
      if (found.disabled) throw denied()
      return { person: found, epoch: await accounts.signIn(found.uid) }
    },
    async refresh(token) {
      const claims = openClaims(seals, token, { kind: 'refresh', now: options.now() })
      if (!claims) throw notSignedIn()
      const { uid, uuid } = await person(claims)
      this.assertCurrent(claims, await accounts.desk(uid))
      return access({ uid, uuid, epoch: claims.epoch }, claims.exp)
    },
    claims(token) {
      const claims = token === undefined ? undefined : openClaims(seals, token, { kind: 'access', now: options.now() })
      if (!claims) throw notSignedIn()
      return claims
    },
    assertCurrent(claims, desk) {
      if (claims.epoch < desk.epoch) throw notSignedIn()
    },
    async assertAdmin(claims) {
      if (!isAdmin(await person(claims))) throw stop('notAdmin', 'Only admins of Berth may do this; ask one of them.')
    },
    knows: async (uid) => (await directory.find(uid)).is === 'person',
  }
}

/** Too many tries: says how long to wait. */
export class SlowDown extends Refused {
  readonly afterMs: number
  constructor(afterMs: number) {
    super({ kind: 'slowDown', sentence: `There were too many tries to sign in; wait ${Math.ceil(afterMs / 1000)} s and try again.` })
    this.afterMs = afterMs
  }
}
