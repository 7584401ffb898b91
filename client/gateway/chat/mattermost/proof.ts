/**
 * Whether a request comes from a Mattermost server that is configured. A slash command bears one static token, in header
 * and body; buttons and dialogs bear nothing, so that only their sealed context counts.
 */
import { requestIdOf, same } from '../request.ts'
import type { MattermostServer } from '../settings.ts'

/** How far a `trigger_id` may be from now: a captured request is good for no longer. */
const freshMs = 5 * 60_000

export type Proof = { readonly is: 'good'; readonly user: string; readonly requestId: string } | { readonly is: 'bad'; readonly why: string }

const bad = (why: string): Proof => ({ is: 'bad', why })

export function proveCommand(server: MattermostServer, { authorization, form, now }: { readonly authorization: string | undefined; readonly form: URLSearchParams; readonly now: number }): Proof {
  const team = form.get('team_id') ?? '', user = form.get('user_id') ?? ''
  const token = Object.hasOwn(server.commandTokens, team) ? server.commandTokens[team] : undefined
  if (token === undefined) return bad('unknown team')
  const [, sent = ''] = /^Token (\S+)$/.exec(authorization ?? '') ?? []
  if (!same(sent, token) || !same(form.get('token') ?? '', token)) return bad('wrong token')
  const trigger = readTrigger(form.get('trigger_id') ?? '')
  if (!trigger || trigger.user !== user || user === '') return bad('no trigger of this user')
  if (Math.abs(now - trigger.at) > freshMs) return bad('too old')
  return { is: 'good', user, requestId: requestIdOf('mattermost', server.name, form.get('trigger_id')!) }
}

/** base64 of `<id>:<user_id>:<unix ms>:<signature>`: the server's own check of dialogs (seen on 5.37). */
export function readTrigger(triggerId: string): { readonly user: string; readonly at: number } | undefined {
  const [id, user, at, signature] = Buffer.from(triggerId, 'base64').toString('latin1').split(':')
  if (!id || !user || !signature || !/^\d{13}$/.test(at ?? '')) return undefined
  return { user, at: Number(at) }
}
