/** The last lines of a lease's container; of one that was restarted, the words of the run that ended. */
import type { V1Pod } from '@kubernetes/client-node'
import type { Berthing } from '../../workflows/ports.ts'
import { lastWords, mostAsked, tidy } from '../lines.ts'
import type { Cluster } from './cluster.ts'
import { findMine, podsOf } from './find.ts'
import { type PodState, stateOf } from './pod.ts'

export async function logs(cluster: Cluster, it: Berthing, lines: number): Promise<readonly string[]> {
  if (!await findMine(cluster, it)) return []
  const [pod] = await podsOf(cluster, it)
  return pod ? await readLines(cluster, pod, { lines, bytes: mostAsked, previous: hasEndedBefore(stateOf(pod)) }) : []
}

/** Empty when the pod is gone or has no log: last words are worth having, and nothing waits for them. */
export const lastLines = (cluster: Cluster, pod: V1Pod, state = stateOf(pod)): Promise<readonly string[]> =>
  readLines(cluster, pod, { ...lastWords, previous: hasEndedBefore(state) })

const hasEndedBefore = (state: PodState): boolean => state.is === 'ended' && state.again

async function readLines({ client }: Cluster, { metadata }: V1Pod, how: { lines: number; bytes: number; previous: boolean }): Promise<readonly string[]> {
  const said = await client.log({ namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' }, how)
  return said === undefined ? [] : tidy(Buffer.from(said), how)
}
