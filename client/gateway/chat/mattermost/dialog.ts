/** The form of `lend`: opened while its trigger lives, which is 3 s. */
import { lend } from '../../../commands/lend.ts'
import type { MattermostServer } from '../settings.ts'

const openMs = 1000

/** False when the server did not open it; then the line is answered as any other. */
export async function openLendDialog(server: MattermostServer, { trigger, url, state }: { readonly trigger: string; readonly url: string; readonly state: string }): Promise<boolean> {
  const text = (name: keyof typeof lend.arguments, label: string, more: object = {}) => ({
    display_name: label, name, type: 'text', placeholder: lend.arguments[name].value.sample, help_text: lend.arguments[name].summary.slice(0, 150), optional: true, ...more,
  })
  try {
    const response = await fetch(`${server.url}/api/v4/actions/dialogs/open`, {
      method: 'POST', signal: AbortSignal.timeout(openMs),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${server.botToken}` },
      body: JSON.stringify({ trigger_id: trigger, url, dialog: {
        callback_id: 'lend', title: 'Borrow a container', submit_label: 'Lend', state, notify_on_cancel: false,
        elements: [text('image', 'Image', { optional: false }), text('for', 'How long'), text('name', 'Name'), text('port', 'Ports')],
      } }),
    })
    return response.ok
  } catch {
    return false
  }
}
