/** Answers behind a click: posted to the address that came with it, if that is Slack's. */
import { post } from '../post.ts'
import type { Ephemeral } from './render.ts'

/**
 * Only `https://hooks.slack.com/`, or the origin of a Web API that is configured instead of Slack's (in tests): a signed
 * request must not make Berth call anything inside its network.
 */
export function mayRespond(to: unknown, api?: string): to is string {
  if (typeof to !== 'string' || !URL.canParse(to)) return false
  const { origin } = new URL(to), bases = ['https://hooks.slack.com', ...api === undefined ? [] : [new URL(api).origin]]
  // As it is written, too: so no user stands before the host and no port behind it, nor `\`, which the parser takes for `/`.
  return bases.some((base) => origin === base && to.startsWith(`${base}/`))
}

/** Undefined when it was posted, else why not. The address is a secret, so it is in no sentence. */
export async function respond(to: unknown, { message, api }: { readonly message: Ephemeral; readonly api?: string | undefined }): Promise<string | undefined> {
  if (!mayRespond(to, api)) return 'not an address of Slack'
  // The card that was clicked stays: it is edited by the bot alone.
  const posted = await post(to, { body: { ...message, replace_original: false } })
  return 'why' in posted ? posted.why : undefined
}
