/**
 * `watch:<host>`: holds the one long-running, heartbeating activity that watches a host. Every rotation has a number
 * that only grows, also over a terminated run (it is a moment), and every word to a lease carries it: a rotation that
 * was taken for dead and still speaks is not heeded. A try that fails is not retried under its number: the next rotation
 * begins with what its last heartbeat knew.
 */
import {
  ActivityFailure, CancellationScope, TimeoutFailure, condition, continueAsNew, isCancellation, log, proxyActivities, setCurrentDetails, setHandler, workflowInfo,
} from '@temporalio/workflow'
import { type WatchClocks, type WatchInput, hostQueue, stopWatchSignal } from './contract.ts'
import { defaultWatchClocks } from './rules/clocks.ts'
import { sayMoment } from './rules/moment.ts'
import type { WatchEvidence, WatchSteps } from './steps.ts'
import { long } from './timeouts.ts'

/** What survives continue-as-new. */
interface Carried {
  number: number
  evidence?: WatchEvidence
  orderly: boolean
  failures: number
}

/** Evidence of a thousand leases is half a megabyte, in and out of every rotation. */
const mostRotations = 12, mostEvents = 500
/** Longer than this nothing is gained by waiting: the activity itself waits for its worker. */
const longestPauseMs = 15_000

/** Ends only by the signal `stop`. */
export async function watch({ carried, ...input }: WatchInput): Promise<void> {
  const state = (carried as Carried | undefined) ?? { number: 0, orderly: false, failures: 0 }
  const clocks = { ...defaultWatchClocks, ...input.clocks }, { host } = input
  const rotation = new CancellationScope()
  let stopped = false
  setHandler(stopWatchSignal, () => {
    stopped = true
    rotation.cancel()
  })
  for (let rotations = 0; !stopped && rotations < mostRotations && workflowInfo().historyLength < mostEvents; rotations++) {
    state.number = Math.max(state.number + 1, Date.now())
    show(host, state)
    const { number, evidence, orderly } = state
    try {
      state.evidence = await rotation.run(() => stepsOf(host, number, clocks).watchHost({ host, number, clocks, orderly, ...(evidence && { evidence }) }))
      state.orderly = true
      state.failures = 0
    } catch (error) {
      if (stopped) break
      if (isCancellation(error)) throw error // an admin's, of the whole watch
      log.warn('a rotation of the watch was cut off', { host, number, error })
      const known = lastKnown(error)
      if (known) state.evidence = known
      state.orderly = false
      state.failures++
      await condition(() => stopped, Math.min(1_000 * state.failures, longestPauseMs))
    }
  }
  if (!stopped) await continueAsNew<typeof watch>({ ...input, carried: state })
  setCurrentDetails(`The watch of ${host} was stopped.`)
}

/** One try: a retry under the same number could not be told from the one before it. */
const stepsOf = (host: string, number: number, { aliveMs }: WatchClocks) => proxyActivities<WatchSteps>({
  ...long, taskQueue: hostQueue(host), heartbeatTimeout: aliveMs, retry: { maximumAttempts: 1 }, cancellationType: 'TRY_CANCEL',
  summary: `watch ${host}, rotation ${number}`,
})

/** What the heartbeats of a rotation that died knew. */
function lastKnown(error: unknown): WatchEvidence | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : undefined
  return cause instanceof TimeoutFailure ? cause.lastHeartbeatDetails as WatchEvidence | undefined : undefined
}

/** Costs no event. */
function show(host: string, { number, evidence }: Carried): void {
  setCurrentDetails([`Watches **${host}** since ${sayMoment(number)} under number ${number}.`, ...(evidence ? [evidence.sentence] : [])].join('\n\n'))
}
