/** One request to a chat platform while its user waits: tried once, for a second, and to no other address than this. */
import { recordIn } from '../body.ts'

const withinMs = 1000

export type Posted = { readonly answer: Readonly<Record<string, unknown>> } | { readonly why: string }

/** `why` has nothing of the address, which may be a secret itself. An answer that is no JSON object is an empty one. */
export async function post(to: string | URL, { body, token }: { readonly body: object; readonly token?: string }): Promise<Posted> {
  try {
    const response = await fetch(to, {
      method: 'POST', redirect: 'error', signal: AbortSignal.timeout(withinMs),
      headers: { 'content-type': 'application/json; charset=utf-8', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    })
    const answer = recordIn(await response.text()) ?? {}
    return response.ok ? { answer } : { why: `status ${response.status}` }
  } catch (error) {
    return { why: error instanceof Error ? error.name : 'unknown' }
  }
}
