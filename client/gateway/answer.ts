/** Answers over HTTP. The status follows the class of the refusal, as the exit code does. */
import type { Context } from 'hono'
import { refusalClass, type Refusal, type RefusalClass, type RefusalKind } from '../../workflows/refusals.ts'

const statuses = {
  misuse: 400, 'not signed in': 401, refused: 403, 'not found': 404, 'try later': 503,
} as const satisfies Record<RefusalClass, number>

export type Status = (typeof statuses)[RefusalClass] | 409 | 413 | 429 | 500

/** How a "no" looks over HTTP. `kind` is `unexpected` for what is our own fault. */
export interface Failure {
  readonly error: {
    readonly kind: RefusalKind | 'unexpected'
    readonly class: RefusalClass | 'unexpected'
    readonly sentence: string
    readonly requestId: string
  }
}

export function statusOf(kind: RefusalKind): Status {
  return kind === 'slowDown' ? 429 : kind === 'over' || kind === 'nameTaken' ? 409 : statuses[refusalClass[kind]]
}

export function refused(c: Context, refusal: Refusal, more: { readonly afterMs?: number; readonly status?: Status } = {}): Response {
  const kind = refusalClass[refusal.kind]
  if (kind === 'try later') c.header('Retry-After', String(Math.max(1, Math.ceil((more.afterMs ?? 1000) / 1000))))
  if (kind === 'not signed in') c.header('WWW-Authenticate', 'Bearer')
  const failure: Failure = { error: { ...refusal, class: kind, requestId: c.get('requestId') as string } }
  return c.json(failure, more.status ?? statusOf(refusal.kind))
}

export function unexpected(c: Context): Response {
  const requestId = c.get('requestId') as string
  const failure: Failure = { error: {
    kind: 'unexpected', class: 'unexpected', requestId,
    sentence: `Something went wrong in Berth itself; tell an admin the request id ${requestId}.`,
  } }
  return c.json(failure, 500)
}
