/**
 * Whose an account is by Mattermost's own word: it signs in by the directory (`auth_service` is ldap), and the server has
 * stored the entry's entryUUID as its id there. The id is in no answer (`auth_data` is blank), so it is asked the other way
 * round: whose is this entryUUID? Both are shown to a system admin's token alone. A user name only says where to look, and
 * an e-mail address, which a user changes with his password, is not read at all.
 */
import type { Entries, Vouched } from '../../workflows/ports.ts'
import type { Mattermost } from './api.ts'
import { type MattermostUser, personOf } from './person.ts'

/** `user`: an id that was looked at before it came here. */
export async function vouchFor(call: Mattermost, user: string, entries: Entries): Promise<Vouched> {
  const found = await call<MattermostUser>('GET', `/users/${user}`)
  if (found.id !== user || personOf(found).is !== 'member') return unproven('it is no member’s account')
  if (found.auth_service !== 'ldap') return unproven('it does not sign in by the directory, or the token is no system admin’s')
  const person = await entries.byUid(found.username)
  if (!person) return unproven('the directory has no open entry of its user name')
  // 404 when it is nobody's, and 403 for the token of anybody but a system admin: both are thrown.
  const owner = await call<MattermostUser>('GET', `/users/auth_data?value=${encodeURIComponent(person.uuid)}`)
  return owner.id === user ? { is: 'proven', person } : unproven('the entry of its user name is another account’s')
}

const unproven = (why: string): Vouched => ({ is: 'unproven', why })
