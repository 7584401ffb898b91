/** The one maker of refusals: a "no" with a kind, one sentence and the next step. A refusal is never retried. */
import { ApplicationFailure } from '@temporalio/common'
import { refusalClass, type Refusal, type RefusalKind } from './refusals.ts'

export { refusalClass, type Refusal, type RefusalClass, type RefusalKind } from './refusals.ts'

const prefix = 'Refused:'

/** A refusal as Temporal's own failure: keeps kind and sentence through activities, updates and children. */
export function refuse(kind: RefusalKind, sentence: string): ApplicationFailure {
  return ApplicationFailure.create({ message: sentence, type: prefix + kind, nonRetryable: true })
}

/** A retryable failure that says what is away; the story goes on when it is back. */
export function unavailable(what: string, cause?: unknown): ApplicationFailure {
  return ApplicationFailure.create({
    message: what, type: 'Unavailable', nonRetryable: false, ...(cause instanceof Error && { cause }),
  })
}

/** The refusal inside an error, however deep Temporal wrapped it; undefined for anything else. */
export function refusalIn(error: unknown): Refusal | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth++) {
    const type = (at as { type?: unknown }).type
    if (typeof type !== 'string' || !type.startsWith(prefix)) continue
    const kind = type.slice(prefix.length)
    if (kind in refusalClass) return { kind: kind as RefusalKind, sentence: at.message }
  }
  return undefined
}

/** The innermost message of an error: what really went wrong, without Temporal's wrapping. */
export function rootMessage(error: unknown): string {
  let at = error
  for (let depth = 0; at instanceof Error && at.cause instanceof Error && depth < 10; depth++) at = at.cause
  return at instanceof Error ? at.message : String(at)
}
