/** Named time-out policies: a call site says what it means, not a number. */
import type { ActivityOptions, LocalActivityOptions } from '@temporalio/workflow'

/** Somebody waits for the answer: all tries together end within 3 s, and the caller says "try later". */
export const request = {
  scheduleToCloseTimeout: '3s',
  startToCloseTimeout: '3s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '1s' },
} as const satisfies ActivityOptions

/**
 * The same for a local activity. Its tries are counted: a total time that runs out between two of them is lost by the
 * SDK's core (1.24.0, local_activities.rs: the timeout finds no running try), which then tries for ever.
 */
export const localRequest = { ...request, retry: { ...request.retry, maximumAttempts: 4 } } as const satisfies LocalActivityOptions

/** A message in a chat: a few tries, then the story decides, for by then there may be a newer one. */
export const inChat = {
  scheduleToCloseTimeout: '30s',
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '5s' },
} as const satisfies ActivityOptions

/** Beside a start that may take minutes: again and again, each for a minute, with signs of life. */
export const following = { scheduleToCloseTimeout: '90s', startToCloseTimeout: '75s', heartbeatTimeout: '15s' } as const satisfies ActivityOptions

/** Nobody waits, and it must be done: short tries, for ever. */
export const untilDone = {
  startToCloseTimeout: '30s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '15s' },
} as const satisfies ActivityOptions

/** Like `untilDone`, at an engine that takes its time: says that it lives, so that a dead worker is noticed before that. */
export const atEngine = { ...untilDone, startToCloseTimeout: '90s', heartbeatTimeout: '20s' } as const satisfies ActivityOptions

/** May take minutes (a pull) and says that it lives. */
export const heartbeated = {
  startToCloseTimeout: '15m',
  heartbeatTimeout: '20s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '15s' },
} as const satisfies ActivityOptions

/** A watch: one try for a whole rotation. */
export const long = {
  startToCloseTimeout: '70m',
  heartbeatTimeout: '20s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '15s' },
} as const satisfies ActivityOptions

/** The same policy under the policy's own clock for a dead worker, when it sets one. */
export function noticing(policy: ActivityOptions, stepMs: number | undefined): ActivityOptions {
  if (stepMs === undefined) return policy
  return policy.heartbeatTimeout === undefined ? { ...policy, startToCloseTimeout: stepMs } : { ...policy, heartbeatTimeout: stepMs }
}
