/** How a page of a link goes out, whatever it says: nothing runs in it, nothing keeps it, and its address goes nowhere else. */
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { statusOf } from '../../answer.ts'
import { asRefusal } from '../../failures.ts'
import type { GatewayOptions } from '../../options.ts'
import { inChat } from '../reply.ts'
import { troublePage, type Page } from './page.ts'
import { styleHash } from './style.ts'

const headers = {
  'Content-Security-Policy': `default-src 'none'; style-src '${styleHash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  // The address is sealed and as good as a key, while it lasts.
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
  'X-Robots-Tag': 'noindex, nofollow',
}

/** Where a member is asked to wait. */
export const againAfterS = 60

export function show(c: Context, page: Page, status: ContentfulStatusCode): Response | Promise<Response> {
  for (const [name, value] of Object.entries(headers)) c.header(name, value)
  return c.html(page, status)
}

export const isLinkPage = (c: Context): boolean => /^\/link(?:\/|$)/.test(c.req.path)

export const tooLong = (c: Context): Response | Promise<Response> => show(c, troublePage({
  title: 'This is too long', sentence: 'A name and a password are shorter than what was sent. Open the page from your chat again.',
}), 413)

/** Whatever was thrown, as a page. The log line has no path: it is the sealed address. */
export function failedPage(c: Context, error: Error, options: Pick<GatewayOptions, 'log'>): Response | Promise<Response> {
  const requestId = c.get('requestId') as string, refusal = asRefusal(error)
  if (!refusal) {
    options.log({ level: 'error', what: 'unexpected', requestId, path: '/link/…', error: String(error), stack: error.stack })
    return show(c, troublePage({
      title: 'Something went wrong', sentence: 'Something went wrong in Berth itself. Nothing was linked; tell an admin the request id below.', requestId,
    }), 500)
  }
  const later = refusal.kind === 'tryLater'
  options.log({ level: later ? 'warn' : 'info', what: 'refused', requestId, kind: refusal.kind, path: '/link/…', ...later && { error: String(error) } })
  if (later) c.header('Retry-After', String(againAfterS))
  return show(c, troublePage({
    title: later ? 'Not just now' : 'This did not work', requestId,
    sentence: later ? 'Berth cannot answer just now. Nothing was linked; try again in a minute.' : inChat(refusal.sentence),
  }), statusOf(refusal.kind))
}
