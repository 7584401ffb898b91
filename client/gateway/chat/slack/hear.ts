/** What Slack says, whichever way it came: a command, a click, a form. Each is proven before it gets here. */
import type { ChatUser } from '../../../../workflows/link/terms.ts'
import { isRecord } from '../../body.ts'
import type { GatewayOptions } from '../../options.ts'
import type { Chat } from '../chat.ts'
import type { Reply } from '../reply.ts'
import { requestIdOf } from '../request.ts'
import type { SlackTenant } from '../settings.ts'
import { doneView, fieldsOf, formId, openForm } from './form.ts'
import { ephemeral, type Ephemeral } from './render.ts'
import { respond } from './respond.ts'
import { unwrap } from './unwrap.ts'

/** One delivery; `said` is a command's fields or an interaction's payload. */
export interface Delivery {
  /** The tenants that its proof, or its socket, may speak for. */
  readonly tenants: readonly SlackTenant[]
  readonly said: Readonly<Record<string, unknown>>
  /** For the log. */
  readonly requestId: string
}

/** What Slack is answered with at once; an empty object says only that it arrived. */
export type Answer = object

export interface SlackEar {
  command(delivery: Delivery): Promise<Ephemeral>
  interaction(delivery: Delivery): Promise<Answer>
}

interface From {
  readonly tenant: SlackTenant
  readonly user: ChatUser
}

interface Nobody {
  readonly tenant?: SlackTenant
  readonly refused: Reply
}

const unknownTeam = 'This Berth does not know this Slack workspace. Ask an admin of Berth to look at its set-up.'
const foreign = 'Only members of the workspace that this Berth serves may do this; ask one of them.'
const odd = 'This is not how Slack sends this. Ask an admin of Berth to look at its set-up.'

export function createSlackEar({ chat, options }: { readonly chat: Chat; readonly options: Pick<GatewayOptions, 'log'> }): SlackEar {
  const refuse = (requestId: string, { why, team, text }: { readonly why: string; readonly team: unknown; readonly text: string }): Reply => {
    options.log({ level: 'warn', what: 'chat refused', platform: 'slack', tenant: textOf(team).slice(0, 40), requestId, why })
    return { text }
  }

  /** Who clicked or filled in, unless a proof for another team, or a member of another one, is all there is. */
  const fromOf = ({ tenants, said, requestId }: Delivery): From | Nobody => {
    const user = isRecord(said['user']) ? said['user'] : {}, id = textOf(user['id']), home = textOf(user['team_id'])
    // An app that is installed for a whole organisation is told no workspace; the user's own stands for it.
    const team = isRecord(said['team']) ? textOf(said['team']['id']) : said['is_enterprise_install'] === true ? home : ''
    const tenant = tenants.find((one) => one.team === team)
    if (!tenant) return { refused: refuse(requestId, { why: 'unknown team', team, text: unknownTeam }) }
    if (home !== '' && home !== team) return { tenant, refused: refuse(requestId, { why: 'stranger', team, text: foreign }) }
    if (id === '') return { tenant, refused: refuse(requestId, { why: 'no user', team, text: odd }) }
    return { tenant, user: { platform: 'slack', tenant: team, user: id } }
  }

  async function click(delivery: Delivery): Promise<Answer> {
    const from = fromOf(delivery), reply = 'refused' in from ? from.refused : await press(from, delivery)
    const why = await respond(delivery.said['response_url'], { message: ephemeral(reply), api: from.tenant?.api })
    if (why !== undefined) options.log({ level: 'warn', what: 'chat click not answered', platform: 'slack', tenant: from.tenant?.team ?? '', requestId: delivery.requestId, why })
    return {}
  }

  async function press({ tenant, user }: From, { said, requestId }: Delivery): Promise<Reply> {
    const trigger = textOf(said['trigger_id']), actions = said['actions'], action: unknown = Array.isArray(actions) ? actions[0] : undefined
    if (trigger === '') return refuse(requestId, { why: 'no trigger', team: tenant.team, text: odd })
    return chat.click({ user, requestId: requestIdOf('slack', tenant.team, trigger), context: isRecord(action) ? action['value'] : undefined })
  }

  async function submit(delivery: Delivery): Promise<Answer> {
    const from = fromOf(delivery)
    if ('refused' in from) return doneView(from.refused)
    const view = isRecord(delivery.said['view']) ? delivery.said['view'] : {}, id = textOf(view['id'])
    if (id === '') return doneView(refuse(delivery.requestId, { why: 'no view', team: from.tenant.team, text: odd }))
    const done = await chat.submit({
      user: from.user, requestId: requestIdOf('slack', from.tenant.team, id), state: view['private_metadata'],
      fields: view['callback_id'] === formId ? fieldsOf(view['state']) : {},
    })
    return 'errors' in done ? { response_action: 'errors', errors: done.errors } : doneView(done.reply)
  }

  return {
    async command({ tenants, said, requestId: delivered }) {
      const [team, id, trigger, line] = ['team_id', 'user_id', 'trigger_id', 'text'].map((name) => textOf(said[name])) as [string, string, string, string]
      const tenant = tenants.find((one) => one.team === team)
      if (!tenant) return ephemeral(refuse(delivered, { why: 'unknown team', team, text: unknownTeam }))
      if (id === '' || trigger === '') return ephemeral(refuse(delivered, { why: id === '' ? 'no user' : 'no trigger', team, text: odd }))
      const user: ChatUser = { platform: 'slack', tenant: team, user: id }
      return ephemeral(await chat.type({ user, requestId: requestIdOf('slack', team, trigger), line, unwrap, openForm: (state) => openForm(tenant, { trigger, state }) }))
    },
    // Whatever else there is (shortcuts, a form that was closed) is not Berth's.
    interaction: async (delivery) => delivery.said['type'] === 'block_actions' ? click(delivery) : delivery.said['type'] === 'view_submission' ? submit(delivery) : {},
  }
}

const textOf = (what: unknown): string => typeof what === 'string' ? what : ''
