/** The form of `lend`: opened while its trigger lives, which is 3 s. */
import { lend } from '../../../commands/lend.ts'
import { post } from '../post.ts'
import type { MattermostServer } from '../settings.ts'

/** Undefined when it is open, else why not. */
export async function openForm({ url: server, botToken }: MattermostServer, { trigger, url, state }: { readonly trigger: string; readonly url: string; readonly state: string }): Promise<string | undefined> {
  const text = (name: keyof typeof lend.arguments, label: string, optional = true) => ({
    display_name: label, name, type: 'text', placeholder: lend.arguments[name].value.sample, help_text: lend.arguments[name].summary.slice(0, 150), optional,
  })
  const posted = await post(`${server}/api/v4/actions/dialogs/open`, { token: botToken, body: { trigger_id: trigger, url, dialog: {
    callback_id: 'lend', title: 'Borrow a container', submit_label: 'Lend', state, notify_on_cancel: false,
    elements: [text('image', 'Image', false), text('for', 'How long'), text('name', 'Name'), text('port', 'Ports')],
  } } })
  return 'why' in posted ? posted.why : undefined
}
