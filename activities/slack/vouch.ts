/**
 * Whose an account is by its e-mail address at Slack. That is worth something only where the workspace enforces a sign-in
 * by the same directory, which the admin asserts by the mode and the domains in the configuration. The whole address leads
 * to the entry, by its `mail`; no part of it is taken for a name.
 */
import type { ChatUser } from '../../workflows/link/terms.ts'
import type { Entries, Vouched } from '../../workflows/ports.ts'
import { isMail } from '../mail.ts'
import type { Slack } from './client.ts'
import { personOf } from './person.ts'

/** Needs the scope users:read.email. `domains` in lower case. */
export async function vouchFor(slack: Slack, { tenant, user }: ChatUser, { domains, entries }: { readonly domains: readonly string[]; readonly entries: Entries }): Promise<Vouched> {
  const { user: found } = await slack('users.info', (client) => client.users.info({ user }))
  // A member of an organisation whose home is another workspace signs in as that one wants.
  if (!found || found.id !== user || found.team_id !== tenant || personOf(found, tenant).is !== 'member') return unproven('it is no member’s account of this workspace')
  if (found.is_email_confirmed !== true) return unproven('its e-mail address is not confirmed')
  const mail = found.profile?.email
  if (mail === undefined || !isMail(mail)) return unproven('it shows no e-mail address; the scope users:read.email may be missing')
  if (!domains.includes(domainOf(mail))) return unproven('its e-mail address is of another domain')
  const person = await entries.byMail(mail)
  return person ? { is: 'proven', person } : unproven('the directory has not exactly one open entry of its e-mail address')
}

const domainOf = (mail: string): string => mail.slice(mail.indexOf('@') + 1).toLowerCase()

const unproven = (why: string): Vouched => ({ is: 'unproven', why })
