/** Who somebody is, as users.info has it. */
import type { UsersInfoResponse } from '@slack/web-api'
import type { ChatPerson } from '../../workflows/link/terms.ts'

type User = NonNullable<UsersInfoResponse['user']>

/** `team`: of the workspace that asks. */
export function personOf(user: User, team: string): ChatPerson {
  const name = user.profile?.display_name || user.real_name || user.name || user.id || ''
  return { is: kindOf(user, team), name: name.slice(0, 80), ...(user.tz !== undefined && user.tz !== '' && { timeZone: user.tz }) }
}

function kindOf(user: User, team: string): ChatPerson['is'] {
  if (user.deleted === true) return 'gone'
  // Slackbot is marked as no bot.
  if (user.is_bot === true || user.is_workflow_bot === true || user.is_connector_bot === true || user.id === 'USLACKBOT') return 'bot'
  if (user.is_stranger === true || !isOf(user, team)) return 'stranger'
  if (user.is_restricted === true || user.is_ultra_restricted === true) return 'guest'
  return 'member'
}

/** In an Enterprise Grid a member belongs to the organisation, and to those of its workspaces that are listed. */
const isOf = ({ team_id, teams, enterprise_user }: User, team: string): boolean =>
  team_id === team || teams?.includes(team) === true || enterprise_user?.teams?.includes(team) === true
