/** What a Mattermost server calls: the slash command, buttons and dialogs. Every answer to a user is 200, or he reads only that it was not. */
import { Hono, type Context } from 'hono'
import type { ChatUser } from '../../../../workflows/link/terms.ts'
import { isForm, isRecord, recordIn } from '../../body.ts'
import type { Env } from '../../env.ts'
import type { GatewayOptions } from '../../options.ts'
import type { Chat } from '../chat.ts'
import { requestIdOf } from '../request.ts'
import type { MattermostServer } from '../settings.ts'
import { answer, render } from './answer.ts'
import { openForm } from './dialog.ts'
import { proveCommand } from './proof.ts'

interface Needs {
  readonly chat: Chat
  readonly servers: readonly MattermostServer[]
  readonly options: GatewayOptions
  readonly url: string
}

export function mattermostRoutes({ chat, servers, options, url }: Needs): Hono<Env> {
  const app = new Hono<Env>().onError((error, c) => {
    options.log({ level: 'error', what: 'unexpected', requestId: c.get('requestId'), path: c.req.path, error: String(error), stack: error.stack })
    return answer(c, `Something went wrong in Berth itself; tell an admin the request id ${c.get('requestId')}.`)
  })
  const byName = new Map(servers.map((server) => [server.name, server]))

  const refuse = (c: Context<Env>, why: string, text: string) => {
    options.log({ level: 'warn', what: 'chat refused', platform: 'mattermost', tenant: c.req.param('server') ?? '', requestId: c.get('requestId'), why })
    return answer(c, text)
  }
  const from = (hear: (c: Context<Env>, server: MattermostServer) => Promise<Response>) => async (c: Context<Env>): Promise<Response> => {
    const server = byName.get(c.req.param('server') ?? '')
    return server ? hear(c, server) : refuse(c, 'unknown server', 'This Berth does not know this Mattermost server. Ask an admin of Berth to look at its set-up.')
  }

  app.post('/:server/command', from(async (c, server) => {
    if (!isForm(c)) return refuse(c, 'no form', 'This is not how Mattermost sends a slash command. Ask an admin of Berth to look at its set-up.')
    const form = new URLSearchParams(await c.req.text())
    const proof = proveCommand(server, { authorization: c.req.header('authorization'), form, now: options.now() })
    if (proof.is === 'bad') {
      return refuse(c, proof.why, proof.why === 'too old'
        ? 'This request is too old; type it again.'
        : 'This slash command is not registered at this Berth for this team. Ask an admin of Berth to look at its set-up.')
    }
    const reply = await chat.type({
      user: userOf(server, proof.user), requestId: proof.requestId, line: form.get('text') ?? '',
      openForm: (state) => openForm(server, { trigger: form.get('trigger_id') ?? '', url: `${url}/chat/mattermost/${server.name}/dialog`, state }),
    })
    return answer(c, render(reply))
  }))
  // A GET has its token in the address, and so in somebody's log.
  app.get('/:server/command', (c) => refuse(c, 'GET', 'Set the request method of this slash command to POST.'))

  app.post('/:server/action', from(async (c, server) => {
    const body = recordIn(await c.req.text()), user = body?.['user_id']
    if (!body || typeof user !== 'string') return refuse(c, 'no click', 'This is not how Mattermost sends a click.')
    const { trigger_id: sent, context } = body, trigger = typeof sent === 'string' ? sent : c.get('requestId')
    return answer(c, render(await chat.click({ user: userOf(server, user), requestId: requestIdOf('mattermost', server.name, trigger), context: isRecord(context) ? context['sealed'] : undefined })))
  }))

  app.post('/:server/dialog', from(async (c, server) => {
    const body = recordIn(await c.req.text()), user = body?.['user_id'], fields = body?.['submission']
    if (!body || typeof user !== 'string') return refuse(c, 'no dialog', 'This is not how Mattermost sends a form.')
    if (body['cancelled'] === true) return c.json({})
    const done = await chat.submit({
      user: userOf(server, user), requestId: c.get('requestId'), state: body['state'],
      fields: isRecord(fields) && body['callback_id'] === 'lend' ? fields : {},
    })
    // What went well is seen on the card; only an error keeps the form open (seen on 5.37).
    return c.json('errors' in done ? { errors: done.errors } : { error: '', ephemeral_text: render(done.reply) })
  }))
  return app
}

const userOf = ({ name }: MattermostServer, user: string): ChatUser => ({ platform: 'mattermost', tenant: name, user })
