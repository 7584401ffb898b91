/** The steps of a lease at its host and its nameserver. Effects are keyed by key and number, so that a retry adopts. */
import { ActivityFailure, ApplicationFailure, CancellationScope, proxyActivities } from '@temporalio/workflow'
import { hostQueue } from '../contract.ts'
import type { Berthing, HostOrder, NameOwner, RunTerms } from '../ports.ts'
import { keepsFiles } from '../rules/files.ts'
import { fqdn } from '../rules/naming.ts'
import type { CoreSteps, HostSteps } from '../steps.ts'
import type { Place } from '../terms.ts'
import { atEngine, heartbeated, noticing, request, untilDone } from '../timeouts.ts'
import { LeaseOver, unlessGivenUp } from './race.ts'
import { type LeaseState, siteOf } from './state.ts'

const berthing = ({ input }: LeaseState, place: Place): Berthing => ({ key: input.key, number: place.number, member: input.member })
const order = (state: LeaseState, place: Place): HostOrder => {
  const { key, member, spec, entitlement: { idle } } = state.input
  return { key, member, spec, place, ...(idle && { cpuShare: idle.cpuShare }), terms: termsOf(state, place) }
}

function termsOf(state: LeaseState, { zone }: Place): RunTerms {
  const { label, entitlement: { totalCpu, totalMemory, count, gpu, security } } = state.input, { ingressClass } = siteOf(state)
  const known = totalCpu !== undefined && totalMemory !== undefined && count !== undefined
  return {
    hostname: fqdn(label, zone), ...(known && { quota: { cpu: totalCpu, memory: totalMemory, count, ...(gpu !== undefined && { gpu }) } }),
    ...(security && { security }), ...(ingressClass !== undefined && { ingressClass }),
  }
}

const owner = ({ input }: LeaseState, place: Place): NameOwner => ({ zone: place.zone, label: input.label, key: input.key, number: place.number })
const at = (place: Place) => ({ taskQueue: hostQueue(place.host) })

/** A host whose worker does not take it in time is down: the lease goes elsewhere. */
export async function startContainer(state: LeaseState, place: Place): Promise<void> {
  const host = proxyActivities<HostSteps>({
    ...noticing(heartbeated, state.input.clocks.stepMs), ...at(place), scheduleToStartTimeout: state.input.clocks.hostQueueMs, summary: `${state.input.spec.image} on ${place.host}`,
  })
  const { id } = await host.startContainer(order(state, place))
  state.runs = { number: place.number, id }
}

export function pauseContainer(state: LeaseState, place: Place) {
  const host = proxyActivities<HostSteps>({ ...noticing(atEngine, state.input.clocks.stepMs), ...at(place), summary: `stop on ${place.host}${keepsFiles(place) ? ', keep its files' : ''}` })
  return host.pauseContainer(berthing(state, place))
}

export async function resumeContainer(state: LeaseState, place: Place): Promise<void> {
  const host = proxyActivities<HostSteps>({ ...noticing(heartbeated, state.input.clocks.stepMs), ...at(place), summary: `start again on ${place.host}` })
  const { id } = await host.resumeContainer(order(state, place))
  state.runs = { number: place.number, id }
}

export function lookAtContainer(state: LeaseState, place: Place) {
  const host = proxyActivities<HostSteps>({ ...noticing(untilDone, state.input.clocks.stepMs), ...at(place), summary: `does it run on ${place.host}?` })
  return host.lookAtContainer(berthing(state, place))
}

export function claimName(state: LeaseState, place: Place, { asleep = false } = {}) {
  const { claimName } = proxyActivities<CoreSteps>({ ...noticing(untilDone, state.input.clocks.stepMs), summary: `${state.input.label}.${place.zone}${asleep ? ' sleeps' : ''}` })
  const { ttlMs } = siteOf(state)
  const ports = state.input.spec.ports.map((port, index) => ({ port, hostPort: place.hostPorts[index]! }))
  const { address, addresses } = place
  return claimName({ ...owner(state, place), address, ...(addresses && { addresses }), ports, ttlMs, ...(asleep && { asleep }) })
}

/** Returns when a look has proven it absent, or when an admin has forgotten the host, which counts as proof. */
export async function removeContainer(state: LeaseState, place: Place): Promise<void> {
  const host = proxyActivities<HostSteps>({ ...noticing(atEngine, state.input.clocks.stepMs), ...at(place), summary: `prove it gone on ${place.host}` })
  try {
    const lines = await unlessGivenUp(state, place, () => host.removeContainer(berthing(state, place)))
    if (lines.length > 0) state.lastLines = lines
  } catch (error) {
    if (!(error instanceof LeaseOver)) throw error
  }
}

export async function releaseName(state: LeaseState, place: Place): Promise<void> {
  const { releaseName } = proxyActivities<CoreSteps>({ ...noticing(untilDone, state.input.clocks.stepMs), summary: `prove ${state.input.label}.${place.zone} gone` })
  await releaseName(owner(state, place))
}

export function readLogs(state: LeaseState, place: Place, lines: number) {
  const host = proxyActivities<HostSteps>({ ...request, ...at(place), summary: 'its last lines' })
  return host.readLogs(berthing(state, place), lines)
}

export function grantReach(state: LeaseState, place: Place, { to, forMs }: { to: string; forMs: number }) {
  const { key, member } = state.input
  const host = proxyActivities<HostSteps>({ ...request, ...at(place), summary: `a kubeconfig for ${place.host}` })
  return host.grantReach({ key, member, to, forMs })
}

export function revokeReach(state: LeaseState, place: Place) {
  const host = proxyActivities<HostSteps>({ ...noticing(atEngine, state.input.clocks.stepMs), ...at(place), summary: `end kubeconfigs for ${place.host}` })
  return host.revokeReach(state.input.member)
}

/** A foreign process holds one of its host ports. */
export const isPortTaken = (error: unknown): boolean => isOfType(error, 'PortTaken')

/** Its host has no room for it, whatever the ledger says. */
export const isNoRoom = (error: unknown): boolean => isOfType(error, 'NoRoom')

const isOfType = (error: unknown, type: 'PortTaken' | 'NoRoom'): boolean =>
  error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.type === type

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
