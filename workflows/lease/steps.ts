/** The steps of a lease at its host and its nameserver. Effects are keyed by key and number, so that a retry adopts. */
import { CancellationScope, proxyActivities } from '@temporalio/workflow'
import { hostQueue } from '../contract.ts'
import type { Berthing, HostOrder, NameOwner } from '../ports.ts'
import type { CoreSteps, HostSteps } from '../steps.ts'
import type { Place } from '../terms.ts'
import { heartbeated, request, untilDone } from '../timeouts.ts'
import { type LeaseState, siteOf } from './state.ts'

export const berthing = ({ input }: LeaseState, place: Place): Berthing => ({ key: input.key, number: place.number, member: input.member })
const order = ({ input }: LeaseState, place: Place): HostOrder => ({ key: input.key, member: input.member, spec: input.spec, place })
const owner = ({ input }: LeaseState, place: Place): NameOwner => ({ zone: place.zone, label: input.label, key: input.key, number: place.number })

export function startContainer(state: LeaseState, place: Place) {
  const host = proxyActivities<HostSteps>({
    ...heartbeated, taskQueue: hostQueue(place.host), scheduleToStartTimeout: state.input.clocks.hostQueueMs,
    summary: `${state.input.spec.image} on ${place.host}`,
  })
  return host.startContainer(order(state, place))
}

export function claimName(state: LeaseState, place: Place) {
  const { claimName } = proxyActivities<CoreSteps>({ ...untilDone, summary: `${state.input.label}.${place.zone}` })
  const { ttlMs } = siteOf(state)
  const ports = state.input.spec.ports.map((port, at) => ({ port, hostPort: place.hostPorts[at]! }))
  return claimName({ ...owner(state, place), address: place.address, ports, ttlMs })
}

export async function removeContainer(state: LeaseState, place: Place): Promise<void> {
  const host = proxyActivities<HostSteps>({
    ...untilDone, startToCloseTimeout: '90s', taskQueue: hostQueue(place.host), summary: `prove it gone on ${place.host}`,
  })
  const lines = await host.removeContainer(berthing(state, place))
  if (lines.length > 0) state.lastLines = lines
}

export async function releaseName(state: LeaseState, place: Place): Promise<void> {
  const { releaseName } = proxyActivities<CoreSteps>({ ...untilDone, summary: `prove ${state.input.label}.${place.zone} gone` })
  await releaseName(owner(state, place))
}

export function readLogs(state: LeaseState, place: Place, lines: number) {
  const host = proxyActivities<HostSteps>({ ...request, taskQueue: hostQueue(place.host), summary: 'its last lines' })
  return host.readLogs(berthing(state, place), lines)
}

/** Runs all side by side; when one fails the others are cancelled and awaited before its error goes on. */
export async function together(...steps: (() => Promise<unknown>)[]): Promise<void> {
  const scope = new CancellationScope()
  const running = await scope.run(async () => steps.map((step) => step()))
  try {
    await Promise.all(running)
  } catch (error) {
    scope.cancel()
    await Promise.allSettled(running)
    throw error
  }
}
