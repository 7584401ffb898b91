/**
 * A Mattermost server as far as a set-up sees it: paths, statuses and error ids of 5.37 as it was seen, and of its sources
 * up to 11. It calls a slash command as the real one does.
 */
import { randomBytes } from 'node:crypto'
import { type Call, type Said, serve } from './setup.peers.ts'

type Row = Record<string, unknown>

export const adminToken = 'admintokenadmintokenadmint', adminId = 'adminidadminidadminidadmin', teamId = 'teamid8teamid8teamid8team8', botId = 'botid88botid88botid88botid'

const id = (): string => randomBytes(20).toString('hex').slice(0, 26)
const no = (status: number, error: string, message = error): Said => ({ status, json: { id: error, message, detailed_error: '', request_id: id(), status_code: status } })

export interface Wrong {
  /** Settings that are not as they are by default. */
  readonly switches?: Readonly<Record<string, string>>
  /** Permissions that the admin lacks. */
  readonly lacks?: readonly string[]
  readonly allowed?: string
  readonly aheadS?: number
  /** Instead of what it would answer. */
  readonly instead?: (call: Call) => Said | undefined
  readonly users?: readonly Row[]
  readonly commands?: readonly Row[]
}

export async function serveMattermost({ switches = {}, lacks = [], allowed = '127.0.0.1', aheadS = 0, instead, users: given = [], commands: before = [] }: Wrong = {}) {
  const users: Row[] = [{ id: adminId, username: 'olga', delete_at: 0 }, ...given]
  const tokens = new Map([[adminToken, adminId]])
  const commands: Row[] = [...before], members = new Set<string>()
  const may = (permission: string): Said | undefined => lacks.includes(permission) ? no(403, 'api.context.permissions.app_error') : undefined
  const settings = { EnableCommands: 'true', EnableBotAccountCreation: 'true', EnableUserAccessTokens: 'true', RestrictDirectMessage: 'any', ...switches }

  async function execute({ channel_id: channel, command: line }: Row): Promise<Said> {
    const command = commands.find(({ trigger }) => trigger === 'berth')
    if (!command || channel !== 'square') return no(404, 'api.command.execute_command.not_found.app_error')
    const failed = no(500, 'api.command.execute_command.failed.app_error', "Command with a trigger of 'berth' failed.")
    const url = command['url'] as string, token = command['token'] as string
    if (!allowed.split(/[\s,]+/).includes(new URL(url).hostname) && !allowed.includes('/')) return failed
    const trigger = Buffer.from(`${id()}:${adminId}:${Date.now()}:c2lnbmF0dXJl`).toString('base64')
    const form = {
      channel_id: 'square', channel_name: 'town-square', command: '/berth', response_url: 'http://localhost/hooks/commands/secret', team_domain: 'staff', team_id: teamId,
      text: (line as string).replace(/^\/berth ?/, ''), token, trigger_id: trigger, user_id: adminId, user_name: 'olga',
    }
    try {
      const answer = await fetch(url, { method: 'POST', headers: { authorization: `Token ${token}`, accept: 'application/json', 'user-agent': 'Mattermost-Bot/1.1' }, body: new URLSearchParams(form) })
      if (answer.status !== 200) return no(500, 'api.command.execute_command.failed_resp.app_error', `Command with a trigger of 'berth' returned response ${answer.status} ${answer.statusText}.`)
      return { json: await answer.json() }
    } catch {
      return failed
    }
  }

  /** Nothing else is known; a path that a set-up should not ask is told as one that is not there. */
  function answer({ method, path, body: text }: Call, who: string): Said | Promise<Said> {
    const body = text === '' ? {} : JSON.parse(text) as Row, what = `${method} ${path}`
    const [, name] = /^GET \/api\/v4\/users\/username\/(\w+)$/.exec(what) ?? [], [, tokensOf] = /^POST \/api\/v4\/users\/(\w+)\/tokens$/.exec(what) ?? []
    const [, enabled] = /^POST \/api\/v4\/bots\/(\w+)\/enable$/.exec(what) ?? [], [, changed] = /^PUT \/api\/v4\/commands\/(\w+)$/.exec(what) ?? []
    if (what === 'GET /api/v4/users/me') return { json: users.find((user) => user['id'] === who) }
    if (name !== undefined) {
      const user = users.find(({ username }) => username === name)
      return user ? { json: user } : no(404, 'app.user.missing_account.const')
    }
    if (what === 'GET /api/v4/teams/name/staff') return may('view_team') ?? { json: { id: teamId, name: 'staff' } }
    if (path.startsWith('/api/v4/teams/name/')) return no(404, 'app.team.get_by_name.missing.app_error')
    if (what === `GET /api/v4/teams/${teamId}/channels/name/town-square`) return may('read_channel') ?? { json: { id: 'square' } }
    if (path === `/api/v4/teams/${teamId}/members/${botId}`) return members.has(botId) ? { json: { team_id: teamId, user_id: botId, delete_at: 0 } } : no(404, 'app.team.get_member.missing.app_error')
    if (what === `POST /api/v4/teams/${teamId}/members`) {
      members.add(body['user_id'] as string)
      return may('add_user_to_team') ?? { status: 201, json: { team_id: teamId, user_id: body['user_id'], delete_at: 0 } }
    }
    if (what === 'POST /api/v4/bots') {
      if (may('create_bot')) return may('create_bot')!
      if (settings.EnableBotAccountCreation === 'false') return no(403, 'api.bot.create_disabled')
      users.push({ id: botId, username: body['username'], is_bot: true, delete_at: 0 })
      return { status: 201, json: { user_id: botId, username: body['username'], owner_id: who } }
    }
    if (enabled !== undefined) {
      const user = users.find((one) => one['id'] === enabled)!
      user['delete_at'] = 0
      return { json: { user_id: enabled } }
    }
    if (tokensOf !== undefined) {
      if (may('create_user_access_token')) return may('create_user_access_token')!
      const token = id()
      tokens.set(token, tokensOf)
      return { json: { id: id(), user_id: tokensOf, description: body['description'], token } }
    }
    if (what.includes('/commands') && settings.EnableCommands === 'false') return no(501, 'api.command.disabled.app_error')
    if (what === `GET /api/v4/commands?team_id=${teamId}&custom_only=true`) return may('manage_own_slash_commands') ?? { json: lacks.includes('manage_others_slash_commands') ? [] : commands }
    if (what === 'POST /api/v4/commands') {
      if (commands.some(({ trigger }) => trigger === body['trigger'])) return no(400, 'api.command.duplicate_trigger.app_error')
      const command = { id: id(), token: id(), create_at: 1, creator_id: who, username: '', icon_url: '', ...body }
      commands.push(command)
      return { status: 201, json: command }
    }
    if (changed !== undefined) {
      const at = commands.findIndex((one) => one['id'] === changed)
      commands[at] = { ...commands[at], ...body, token: commands[at]!['token'] }
      return { json: commands[at] }
    }
    if (what === 'POST /api/v4/commands/execute') return may('create_post') ?? execute(body)
    if (what === 'GET /api/v4/config') {
      return may('sysconsole_read_environment_developer') ? { json: { ServiceSettings: {} } } : { json: { ServiceSettings: { AllowedUntrustedInternalConnections: allowed } } }
    }
    return no(404, 'api.context.404.app_error')
  }

  const peer = await serve((call) => {
    const other = instead?.(call)
    if (other) return other
    const [, token] = /^Bearer (\w+)$/.exec(call.headers.authorization ?? '') ?? [], who = tokens.get(token ?? '')
    if (call.path === '/api/v4/config/client?format=old') {
      return { json: { Version: '5.37.0', EnableBotAccountCreation: settings.EnableBotAccountCreation, ...(who !== undefined && settings) } }
    }
    if (who === undefined) return no(401, 'api.context.session_expired.app_error')
    return answer(call, who)
  }, { aheadS })
  return {
    ...peer, users, tokens, commands,
    /** What changed anything, as `POST /commands`; running a command changes nothing. */
    writes: () => peer.calls.filter(({ method, path }) => method !== 'GET' && !path.endsWith('/execute')).map(({ method, path }) => `${method} ${path.replace('/api/v4', '')}`),
  }
}
