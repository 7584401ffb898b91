/** What a request carries: a JSON object, and a token. */
import type { Context } from 'hono'
import { stop } from '../refused.ts'

const notJson = () => stop('badLine', 'The request needs a JSON object and Content-Type: application/json.')

/** The type is demanded so that a page elsewhere cannot post here with a form. */
export async function bodyOf(c: Context): Promise<Readonly<Record<string, unknown>>> {
  if (!/^application\/json\s*(?:;|$)/i.test(c.req.header('content-type') ?? '')) throw notJson()
  const text = await c.req.text(), body = recordIn(text === '' ? '{}' : text)
  if (!body) throw notJson()
  return body
}

/** A JSON object; undefined for any other text. */
export function recordIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const what: unknown = JSON.parse(text)
    return isRecord(what) ? what : undefined
  } catch {
    return undefined
  }
}

export const isRecord = (what: unknown): what is Readonly<Record<string, unknown>> => typeof what === 'object' && what !== null && !Array.isArray(what)

export const isForm = (c: Context): boolean => /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(c.req.header('content-type') ?? '')

export const tokenOf = (c: Context): string | undefined => /^Bearer ([A-Za-z0-9._~+/=-]+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
