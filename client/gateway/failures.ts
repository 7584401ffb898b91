/** What Temporal and the directory throw → a refusal. Whatever is left is unexpected and shows the user a request id only. */
import {
  QueryNotRegisteredError, WorkflowUpdateRPCTimeoutOrCancelledError, isGrpcServiceError,
} from '@temporalio/client'
import { WorkflowNotFoundError } from '@temporalio/common'
import { untimely } from '../../workflows/contract.ts'
import { DirectoryUnavailable } from '../../workflows/ports.ts'
import { refusalIn } from '../../workflows/refuse.ts'
import type { Refusal } from '../../workflows/refusals.ts'
import { Refused } from '../refused.ts'

export const tryLater: Refusal = { kind: 'tryLater', sentence: 'Berth cannot answer just now; try the same again in a moment.' }
export const directoryAway: Refusal = { kind: 'tryLater', sentence: 'The directory does not answer; try the same again in a moment.' }

/** gRPC: cancelled, deadline exceeded, resource exhausted, failed precondition (no worker yet), aborted, unavailable. */
const passing = new Set<number>([1, 4, 8, 9, 10, 14])

export function asRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Refused) return error.refusal
  if (error instanceof DirectoryUnavailable) return directoryAway
  const refusal = refusalIn(error)
  if (refusal) return refusal
  if (error instanceof WorkflowNotFoundError) return { kind: 'notFound', sentence: 'That is not there any more; berth list shows what is.' }
  return isPassing(error) ? tryLater : undefined
}

/** Trouble that goes away by itself, so that the same request may be made again. */
export function isPassing(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || error instanceof QueryNotRegisteredError) return true
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth++) {
    const { code } = at as { code?: unknown }
    if (isGrpcServiceError(at) && typeof code === 'number' && passing.has(code)) return true
    // The server's words when a worker stopped before it took up an update.
    if (at.message.includes("wasn't processed by worker") || at.message.includes(untimely)) return true
  }
  return false
}

export const isGone = (error: unknown): boolean => error instanceof WorkflowNotFoundError
