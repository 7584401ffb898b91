/** What the cluster shows of one placement now. */
import type { V1Pod, V1Service } from '@kubernetes/client-node'
import type { Berthing, Sight } from '../../workflows/ports.ts'
import type { Cluster } from './cluster.ts'
import { findMine, nodePorts, othersOf, podsOf } from './find.ts'
import { isLeaving } from './object.ts'
import { lastLines } from './logs.ts'
import { type PodState, idOf, stateOf } from './pod.ts'

/** Absent is proven: no Deployment, no pod, and nothing that holds a node port. */
export async function look(cluster: Cluster, it: Berthing): Promise<Sight> {
  const [mine, pods, others] = await Promise.all([findMine(cluster, it), podsOf(cluster, it), othersOf(cluster, it)])
  const pod = pods[0]
  if (!mine) return pods.length === 0 && others.length === 0 ? { is: 'absent' } : stopped({ exitCode: 137 })
  if (!pod || isLeaving(pod)) return stopped({ exitCode: mine.deployment.spec?.replicas === 0 ? 143 : 137 })
  const state = stateOf(pod)
  if (state.is === 'running') {
    const service = others.find(({ kind }) => kind === 'Service') as V1Service | undefined
    return running(pod, state, nodePorts(service, mine.mark.ports.map(({ port }) => port)))
  }
  if (state.is !== 'ended') return stopped({ exitCode: 0, lastLines: [whyNot(state)] })
  const said = await lastLines(cluster, pod, state)
  return stopped({ exitCode: state.exitCode, outOfMemory: state.outOfMemory, lastLines: state.why === undefined ? said : [...said, state.why] })
}

export const running = (pod: V1Pod, { startedAt }: Extract<PodState, { is: 'running' }>, hostPorts: readonly number[]): Extract<Sight, { is: 'running' }> =>
  ({ is: 'running', hostPorts, startedAt, id: idOf(pod) })

const stopped = (how: Partial<Extract<Sight, { is: 'stopped' }>>): Sight => ({ is: 'stopped', exitCode: 0, outOfMemory: false, lastLines: [], ...how })

/** What a pod that does not run waits for, as a line. */
function whyNot(state: Exclude<PodState, { is: 'running' | 'ended' }>): string {
  switch (state.is) {
    case 'waiting': return `waits for ${state.for}`
    case 'no room': return state.why
    case 'cannot run': return state.sentence
  }
}
