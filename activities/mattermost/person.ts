/** Who somebody is, as `GET /users/{id}` has it. */
import type { ChatPerson } from '../../workflows/link/terms.ts'

export interface MattermostUser {
  readonly id: string
  readonly username: string
  /** 0 while the account is active. */
  readonly delete_at: number
  readonly is_bot?: boolean
  /** How it signs in; empty by a password of Mattermost's own. Shown to system admins alone. */
  readonly auth_service?: string
  /** With spaces between. */
  readonly roles?: string
  /** Of another server that shares channels with this one. */
  readonly remote_id?: string | null
  /** `useAutomaticTimezone` is a string too. */
  readonly timezone?: Readonly<Record<string, string>> | null
}

export function personOf(user: MattermostUser): ChatPerson {
  const timeZone = zoneOf(user)
  return { is: kindOf(user), name: user.username.slice(0, 80), ...(timeZone !== undefined && { timeZone }) }
}

function kindOf({ delete_at, is_bot, roles = '', remote_id }: MattermostUser): ChatPerson['is'] {
  if (delete_at > 0) return 'gone'
  if (is_bot === true) return 'bot'
  if (typeof remote_id === 'string' && remote_id !== '') return 'stranger'
  return roles.split(' ').includes('system_guest') ? 'guest' : 'member'
}

function zoneOf({ timezone }: MattermostUser): string | undefined {
  const zone = timezone?.['useAutomaticTimezone'] === 'false' ? timezone['manualTimezone'] : timezone?.['automaticTimezone'] || timezone?.['manualTimezone']
  // Anybody may write anything there.
  return zone !== undefined && /^[A-Za-z0-9_+/-]{1,64}$/.test(zone) ? zone : undefined
}
