/**
 * What a pod's state means for its lease. Pure.
 *
 * | pod | verdict |
 * |---|---|
 * | its container runs, and has not run before in this pod | running |
 * | its container ended, or runs again after the kubelet restarted it | ended: whether it is started again is the lease's decision |
 * | no node takes it | no room |
 * | the image cannot be had | no image, or waiting while the registry may come back |
 * | the container cannot be made | cannot run |
 * | failed (evicted, node lost) | ended |
 * | anything else | waiting |
 */
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { shorten } from './failures.ts'

export type PodState =
  | { readonly is: 'waiting'; readonly for: string; readonly pull?: string }
  | { readonly is: 'running'; readonly startedAt: number; readonly ready: boolean }
  | { readonly is: 'ended'; readonly exitCode: number; readonly outOfMemory: boolean; readonly why?: string
    /** The log of the run that ended is the one before the present. */
    readonly again: boolean }
  | { readonly is: 'no room'; readonly why: string }
  | { readonly is: 'cannot run'; readonly why: 'unknownImage' | 'badCommand'; readonly sentence: string }

export function stateOf({ status, spec }: V1Pod): PodState {
  const container = status?.containerStatuses?.[0]
  if (!container) {
    const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled')
    if (scheduled?.status === 'False' && scheduled.reason === 'Unschedulable') return { is: 'no room', why: shorten(scheduled.message ?? 'no node takes it') }
    if (status?.phase === 'Failed') return { is: 'ended', exitCode: 137, outOfMemory: false, again: false, why: failed(status) }
    return { is: 'waiting', for: spec?.nodeName === undefined ? 'a node' : 'its node' }
  }
  const ended = container.state?.terminated ?? container.lastState?.terminated
  if (ended) {
    if (isStartError(ended.reason)) return { is: 'cannot run', why: 'badCommand', sentence: `The command cannot be started: ${commandError(ended.message)}.` }
    const again = container.state?.terminated === undefined
    return {
      is: 'ended', exitCode: ended.exitCode, outOfMemory: ended.reason === 'OOMKilled', again,
      ...(status?.phase === 'Failed' && status.reason !== undefined && { why: failed(status) }),
    }
  }
  if (container.state?.running) {
    const startedAt = container.state.running.startedAt
    return { is: 'running', startedAt: startedAt ? new Date(startedAt).getTime() : 0, ready: container.ready }
  }
  if (status?.phase === 'Failed') return { is: 'ended', exitCode: 137, outOfMemory: false, again: false, why: failed(status) }
  return waiting(container)
}

const failed = ({ reason, message }: NonNullable<V1Pod['status']>): string => shorten([reason, message].filter(Boolean).join(': ') || 'the pod failed')

/** Why the cluster itself has put an end to it, as far as it says so (evicted, its node lost); undefined for any other end. */
export function whyGone({ status }: V1Pod): string | undefined {
  if (status?.phase === 'Failed' && status.reason !== undefined) return failed(status)
  const target = status?.conditions?.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True')
  return target && shorten([target.reason, target.message].filter(Boolean).join(': '))
}

const isStartError = (reason: string | undefined): boolean => reason === 'StartError' || reason === 'ContainerCannotRun'

/** The last part of what a runtime says is the kernel's: `exec: "/nosuch": stat /nosuch: no such file or directory`. */
const commandError = (message = 'the runtime does not say why'): string =>
  shorten(message.replace(/^.*(?:start container process|exec failed): /s, '').replace(/: unknown$/, '').trim())

function waiting({ state, image }: V1ContainerStatus): PodState {
  const { reason = '', message = '' } = state?.waiting ?? {}
  switch (reason) {
    case 'InvalidImageName':
    case 'ErrImageNeverPull':
      return { is: 'cannot run', why: 'unknownImage', sentence: `No image can be had by this name: ${shorten(message)}` }
    case 'ErrImagePull':
    case 'ImagePullBackOff':
    case 'RegistryUnavailable':
      if (isUnknown(message)) return { is: 'cannot run', why: 'unknownImage', sentence: `There is no image ${image} to be had: ${shorten(message)}` }
      return { is: 'waiting', for: 'its image', pull: shorten(message) }
    case 'CreateContainerConfigError':
      // Of the Secret that is applied beside it, the kubelet may hear a moment later.
      if (/secret .* not found/i.test(message)) return { is: 'waiting', for: 'its secret' }
      return { is: 'cannot run', why: 'badCommand', sentence: `The cluster does not let it run: ${shorten(message)}.` }
    case 'CreateContainerError':
    case 'RunContainerError':
      return { is: 'cannot run', why: 'badCommand', sentence: `The command cannot be started: ${commandError(message)}.` }
    default:
      return { is: 'waiting', for: reason === 'ContainerCreating' ? 'its container' : reason || 'its container' }
  }
}

/** A registry that says "no such image" is believed; anything else may pass. */
const isUnknown = (message: string): boolean =>
  /not found|manifest unknown|name unknown|repository does not exist|pull access denied|insufficient_scope|invalid reference/i.test(message) && !/no such host|lookup /i.test(message)

/** `<container's id>@<namespace>/<pod>`: the kernel knows it by the first, the cluster's metrics by the second. */
export function idOf({ metadata, status }: V1Pod): string {
  const container = status?.containerStatuses?.[0]?.containerID?.replace(/^.*:\/\//, '') ?? metadata?.uid ?? ''
  return `${container}@${metadata?.namespace}/${metadata?.name}`
}
