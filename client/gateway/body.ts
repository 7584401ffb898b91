/** What a request carries: a JSON object, and a token. */
import type { Context } from 'hono'
import { stop } from '../refused.ts'

const notJson = () => stop('badLine', 'The request needs a JSON object and Content-Type: application/json.')

/** The type is demanded so that a page elsewhere cannot post here with a form. */
export async function bodyOf(c: Context): Promise<Readonly<Record<string, unknown>>> {
  if (!/^application\/json\s*(?:;|$)/i.test(c.req.header('content-type') ?? '')) throw notJson()
  const text = await c.req.text()
  let body: unknown
  try {
    body = JSON.parse(text === '' ? '{}' : text)
  } catch {
    throw notJson()
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw notJson()
  return body as Record<string, unknown>
}

export const tokenOf = (c: Context): string | undefined => /^Bearer ([A-Za-z0-9._~+/=-]+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
