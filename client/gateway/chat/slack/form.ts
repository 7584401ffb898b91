/** The form of `lend`: opened while its trigger lives, which is 3 s; what was filled in; and what is shown instead of it then. */
import { lend } from '../../../commands/lend.ts'
import { isRecord } from '../../body.ts'
import { post } from '../post.ts'
import type { Reply } from '../reply.ts'
import type { SlackTenant } from '../settings.ts'
import { mostOfBlock, render } from './render.ts'

const slackApi = 'https://slack.com/api/'

export const formId = 'lend'

const plain = (text: string) => ({ type: 'plain_text', text }) as const
const frame = { type: 'modal', title: plain('Borrow a container') } as const

/**
 * Undefined when it is open, else why not, in Slack's own word. By `fetch`, since it is one POST: the Web API client
 * would be loaded for it, and tries again for half an hour what is good for 3 s.
 */
export async function openForm({ botToken, api = slackApi }: SlackTenant, { trigger, state }: { readonly trigger: string; readonly state: string }): Promise<string | undefined> {
  const posted = await post(new URL('views.open', api.endsWith('/') ? api : `${api}/`), { token: botToken, body: { trigger_id: trigger, view: formView(state) } })
  if ('why' in posted) return posted.why
  const { ok, error } = posted.answer
  return ok === true ? undefined : typeof error === 'string' && /^[a-z_]{1,60}$/.test(error) ? error : 'no reason'
}

/** Fields bear the arguments' own names, so that what is wrong is said at the field. */
export const formView = (state: string) => ({
  ...frame, callback_id: formId, private_metadata: state, submit: plain('Lend'), close: plain('Cancel'),
  blocks: [field('image', 'Image', false), field('for', 'How long'), field('name', 'Name'), field('port', 'Ports')],
})

const field = (name: keyof typeof lend.arguments, label: string, optional = true) => ({
  type: 'input', block_id: name, optional, label: plain(label), hint: plain(lend.arguments[name].summary.slice(0, 150)),
  element: { type: 'plain_text_input', action_id: name, placeholder: plain(lend.arguments[name].value.sample) },
}) as const

/** By the field's name; whatever has another shape is left out, and the rest is judged by the reader of arguments. */
export function fieldsOf(state: unknown): Readonly<Record<string, unknown>> {
  const { values } = isRecord(state) ? state : {}
  return Object.fromEntries(Object.entries(isRecord(values) ? values : {}).flatMap(([name, actions]) => {
    const action = isRecord(actions) ? Object.values(actions)[0] : undefined
    return isRecord(action) ? [[name, action['value'] ?? null]] : []
  }))
}

/** What became of it, where the form was: a submission has no address to answer to. */
export const doneView = (reply: Reply) => ({
  response_action: 'update' as const,
  view: { ...frame, close: plain('Close'), blocks: [{ type: 'section' as const, text: { type: 'mrkdwn' as const, text: render(reply, mostOfBlock) || ' ' } }] },
})
