/** Steps over the `Runtime` port: what stories call on queue `host:<name>`. */
import { createHash } from 'node:crypto'
import { heartbeat as beat, activityInfo, cancellationSignal } from '@temporalio/activity'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import { CannotRun, NoReach, NoRoom, PortTaken, type Access, type HostOrder, type Reach, type Runtime, type Signs, type StartOrder } from '../../workflows/ports.ts'
import { refuse, unavailable } from '../../workflows/refuse.ts'
import type { HostSteps } from '../../workflows/steps.ts'

export interface HostStepsOptions {
  readonly runtime: Runtime
  /** Opens what the gateway sealed for this role and this lease's key; the values go nowhere but into the container. */
  readonly openEnv: (sealed: string, key: string) => Record<string, string>
  /** Absent where members' own tools reach nothing. `seal`: to the asker's key, and bound to the lease's. */
  readonly reach?: { readonly of: Reach; readonly seal: (to: string, access: Access, key: string) => string } | undefined
  /** Between two heartbeats; default a third of the 20 s that stories wait for one. */
  readonly heartbeatMs?: number
}

/**
 * A start that cannot succeed is a refusal; a taken port is a failure of type `PortTaken` that is not retried, with the
 * ports as its details; a host without room is one of type `NoRoom`, which is not retried there either; any other trouble is retried and says what really went wrong.
 */
export function createHostSteps({ runtime, openEnv, reach, heartbeatMs = 6_500 }: HostStepsOptions): HostSteps {
  const opened = ({ key, member, spec: { env, ...spec }, place, cpuShare, terms }: HostOrder): StartOrder => ({
    key, member, number: place.number, hostPorts: place.hostPorts, ...(cpuShare !== undefined && { cpuShare }), ...(terms && { terms }),
    spec: { ...spec, ...(env !== undefined && { env: openEnv(env, key) }) },
  })

  /** Runs a long step with signs of life, so that a dead worker is noticed and a cancellation arrives. */
  async function alive<T>(what: string, step: (signs: Signs) => Promise<T>): Promise<T> {
    let detail = ''
    const heartbeat = (said: string) => {
      detail = said
      beat(said)
    }
    const timer = setInterval(() => beat(detail), heartbeatMs)
    try {
      return await told(what, () => step({ heartbeat, signal: cancellationSignal() }))
    } finally {
      clearInterval(timer)
    }
  }

  return {
    startContainer: (order) => alive('The container could not be started', (signs) => runtime.start(opened(order), signs)),
    resumeContainer: (order) => alive('The container could not be resumed', (signs) => runtime.resume(opened(order), signs)),
    pauseContainer: (it) => alive('The container could not be paused', () => runtime.pause(it)),

    removeContainer: (it) => alive('The container could not be removed', async () => {
      const lastLines = await runtime.remove(it)
      const sight = await runtime.look(it)
      if (sight.is !== 'absent') throw new Error(`it is still ${sight.is} after its removal`)
      return lastLines
    }),

    lookAtContainer: (it) => told('The container could not be looked at', () => runtime.look(it)),
    readLogs: (it, lines) => told('The log could not be read', () => runtime.logs(it, lines)),
    listOwned: () => told('What is lent here could not be listed', () => runtime.list()),
    removeOwned: (owned) => told(`${owned.object} could not be removed`, () => runtime.removeOwned(owned)),

    grantReach: ({ key, member, to, forMs }) => told('No kubeconfig could be made', async () => {
      if (!reach) throw refuse('noReach', 'What is lent on this host is not reached by kubectl. Lend on a cluster with: berth lend IMAGE --on kubernetes')
      const access = await reach.of.grant({ member, id: grantId(to), forMs })
      return { sealed: reach.seal(to, access, key), until: access.until }
    }),
    revokeReach: (member) => alive('Kubeconfigs could not be ended', async () => await reach?.of.revoke(member) ?? { grants: 0, restarted: 0 }),
  }
}

/** One grant for each asker's key, however often its step is tried. */
const grantId = (to: string): string => createHash('sha256').update(to).digest('hex').slice(0, 16)

/** Turns the port's errors into failures that Temporal understands. */
async function told<T>(what: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (error instanceof CancelledFailure || error instanceof ApplicationFailure) throw error
    if (error instanceof CannotRun) throw refuse(error.why, error.message)
    if (error instanceof NoReach) throw refuse('noReach', error.message)
    if (error instanceof PortTaken) {
      throw ApplicationFailure.create({ message: error.message, type: 'PortTaken', nonRetryable: true, details: [error.ports] })
    }
    if (error instanceof NoRoom) throw ApplicationFailure.create({ message: error.message, type: 'NoRoom', nonRetryable: true })
    // A cancelled step fails in whatever way its call was cut; Temporal knows it by the signal's own reason.
    const signal = cancellationSignal()
    if (signal.aborted && signal.reason instanceof CancelledFailure) throw signal.reason
    // Its own message, not its root's: a runtime wraps what its engine said into a sentence.
    throw unavailable(`${what} on ${activityInfo().taskQueue}: ${error instanceof Error ? error.message : String(error)}`, error)
  }
}
