/** One request of a set-up, and what its answer tells besides: whose clock says what. */
import { isRecord } from '../../gateway/body.ts'
import { codeIn, isUntrusted } from '../../unreached.ts'
import { Trouble } from './check.ts'

const answerWithinMs = 15_000

export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** Undefined when it is no JSON object. */
  readonly json: Readonly<Record<string, unknown>> | undefined
  readonly list: readonly Readonly<Record<string, unknown>>[]
  /** How far the answerer’s clock is ahead of ours, in milliseconds; `Date` knows whole seconds. Undefined without one. */
  readonly aheadMs: number | undefined
}

type Request = Pick<RequestInit, 'method' | 'headers' | 'body'> & {
  /** What is looked at, and who answers, as the findings name them. */
  readonly what: string
  readonly who: string
}

/** Throws `Trouble` when nothing answers, or only with another address. */
export async function call(to: string, { what, who, ...init }: Request): Promise<Answer> {
  const begun = Date.now(), { origin } = new URL(to)
  let response: Response, text: string
  try {
    // A redirect would carry the token to wherever it points.
    response = await fetch(to, { ...init, redirect: 'manual', signal: AbortSignal.timeout(answerWithinMs) })
    text = await response.text()
  } catch (error) {
    throw new Trouble(what, 'away', whyNot(error, { who, origin }))
  }
  if (response.status >= 300 && response.status < 400) {
    const location = response.headers.get('location') ?? ''
    const elsewhere = URL.canParse(location, to) ? new URL(location, to).origin : 'elsewhere'
    throw new Trouble(what, 'bad', `${who} at ${origin} sends to ${elsewhere === origin ? 'another path' : elsewhere}; write the address that it sends to.`)
  }
  const at = (begun + Date.now()) / 2, date = Date.parse(response.headers.get('date') ?? '')
  const read = jsonOf(text)
  return {
    status: response.status, headers: response.headers,
    json: isRecord(read) ? read : undefined, list: Array.isArray(read) ? read.filter(isRecord) : [],
    aheadMs: Number.isNaN(date) ? undefined : date + 500 - at,
  }
}

function whyNot(error: unknown, { who, origin }: { readonly who: string; readonly origin: string }): string {
  const code = error instanceof Error && error.name === 'TimeoutError' ? `no answer in ${answerWithinMs / 1000} s` : codeIn(error)
  if (isUntrusted(code)) {
    return `${who} at ${origin} has a certificate that is not trusted here (${code}); look at the address and this machine’s clock, or name your organisation’s CA file in BERTH_CA.`
  }
  return `${who} at ${origin} does not answer here${code === '' ? '' : ` (${code})`}; look at the address, and whether this machine may go there.`
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A word of a protocol, such as an error’s id; anything else that answers is not said on. */
export const wordOf = (read: unknown): string | undefined => typeof read === 'string' && /^[\w.:-]{1,80}$/.test(read) ? read : undefined
