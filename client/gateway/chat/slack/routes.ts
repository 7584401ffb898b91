/** What Slack calls over HTTP: signed commands and clicks. The raw body first, and its proof before a word of it is read. */
import { Hono, type Context } from 'hono'
import { isForm, recordIn } from '../../body.ts'
import type { Env } from '../../env.ts'
import type { GatewayOptions } from '../../options.ts'
import type { Chat } from '../chat.ts'
import type { SlackTenant } from '../settings.ts'
import { createSlackEar, type Answer, type Delivery } from './hear.ts'
import { proveRequest } from './proof.ts'

interface Needs {
  readonly chat: Chat
  readonly tenants: readonly SlackTenant[]
  readonly options: GatewayOptions
}

/** Undefined when the form does not hold what is to be read from it. */
type Read = (form: URLSearchParams) => Delivery['said'] | undefined

export function slackRoutes({ chat, tenants, options }: Needs): Hono<Env> {
  const app = new Hono<Env>(), ear = createSlackEar({ chat, options })

  const refuse = (c: Context<Env>, status: 400 | 401, { why, sentence }: { readonly why: string; readonly sentence: string }) => {
    options.log({ level: 'warn', what: 'chat refused', platform: 'slack', requestId: c.get('requestId'), why })
    return c.text(`${sentence}\n`, status)
  }
  const take = (read: Read, hear: (delivery: Delivery) => Promise<Answer>) => async (c: Context<Env>): Promise<Response> => {
    const body = new Uint8Array(await c.req.arrayBuffer()), form = isForm(c) ? formIn(body) : undefined
    // Slack looks at the certificate with this, unsigned; whatever else stands in it is used by nobody.
    if (form?.get('ssl_check') === '1') return c.body(null, 200)
    const proof = proveRequest(tenants, {
      signature: c.req.header('x-slack-signature'), timestamp: c.req.header('x-slack-request-timestamp'), body, now: options.now(),
    })
    if (proof.is === 'bad') {
      return refuse(c, 401, { why: proof.why, sentence: 'This request does not bear Slack’s signature of this moment; look at the signing secret and at the clock.' })
    }
    const said = form && read(form)
    if (!said) return refuse(c, 400, { why: isForm(c) ? 'not readable' : 'no form', sentence: 'This is not how Slack sends this; send a form, in UTF-8.' })
    const answer = await hear({ tenants: proof.tenants, said, requestId: c.get('requestId') })
    return Object.keys(answer).length === 0 ? c.body(null, 200) : c.json(answer)
  }

  app.post('/command', take((form) => Object.fromEntries(form), ear.command))
  app.post('/interact', take((form) => recordIn(form.get('payload') ?? ''), ear.interaction))
  return app
}

/** Undefined when it is no UTF-8: what was signed would not be what is read. */
function formIn(body: Uint8Array): URLSearchParams | undefined {
  try {
    return new URLSearchParams(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body))
  } catch {
    return undefined
  }
}
