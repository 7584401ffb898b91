/** What the watch sees of the cluster: one listing of Deployments and one of pods, and the pods' events as a hint. */
import type { V1Deployment, V1Pod } from '@kubernetes/client-node'
import type { Eyes, Glimpse } from '../../workflows/ports.ts'
import { reserved } from '../labels.ts'
import type { Cluster } from './cluster.ts'
import { sorted } from './find.ts'
import { created, isLeaving } from './object.ts'
import { instanceSelector, kindOf, markOf, objectOf } from './labels.ts'
import { look } from './look.ts'
import { idOf, stateOf, whyGone } from './pod.ts'

/** A pod that has not begun to run for so long does not run: its lease is told, and sees to it. */
const patienceMs = 60_000

async function glimpse(cluster: Cluster): Promise<readonly Glimpse[]> {
  const labels = instanceSelector(cluster)
  const [deployments, pods] = await Promise.all([
    cluster.client.list<V1Deployment>(kindOf('Deployment'), { labels }),
    cluster.client.list<V1Pod>(kindOf('Pod'), { labels }),
  ])
  const placed = Map.groupBy(sorted(pods), placeOf)
  return deployments.flatMap((deployment): Glimpse[] => {
    const mark = markOf(cluster, deployment, 'Deployment')
    if (mark?.kind !== 'lease') return []
    const { key, number, member, ports } = mark, [pod, ...others] = placed.get(placeOf(deployment)) ?? [], state = seen(deployment, pod)
    const share = Number(deployment.metadata?.annotations?.[reserved.cpuShare] || NaN), former = others.map(whyGone).find((why) => why !== undefined)
    return [{
      what: 'container', object: objectOf('Deployment', deployment), key, number, member, createdAt: created(deployment),
      hostPorts: ports.map(({ hostPort }) => hostPort), id: pod ? idOf(pod) : '', state, running: state === 'running',
      ...(share > 0 && { cpuShare: share }), ...(former !== undefined && { former }),
    }]
  })
}

const placeOf = ({ metadata }: V1Pod | V1Deployment): string =>
  `${metadata?.namespace}/${metadata?.labels?.[reserved.key]}#${metadata?.labels?.[reserved.number]}`

function seen(deployment: V1Deployment, pod: V1Pod | undefined): Glimpse['state'] {
  if (isLeaving(deployment)) return 'leaving'
  if (deployment.spec?.replicas === 0) return 'stopped'
  const since = pod ? created(pod) : created(deployment)
  if (!pod || isLeaving(pod)) return Date.now() - since > patienceMs ? 'stopped' : 'starting'
  const state = stateOf(pod)
  switch (state.is) {
    case 'running': return 'running'
    case 'ended': return 'stopped'
    default: return Date.now() - since > patienceMs ? 'stopped' : 'starting'
  }
}

/** Ends when the cluster lets go, or cannot be reached. What is missed meanwhile, the next listing shows. */
async function hints(cluster: Cluster, hint: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && await hear(cluster, hint, signal) === 'silent');
}

/** client-node gives up a stream that was silent for 30 s, which says nothing about the cluster. */
function hear({ client, ...owner }: Cluster, hint: () => void, signal: AbortSignal): Promise<'silent' | 'over'> {
  const began = Date.now()
  return client.ask('show what happens', ({ watch }) => new Promise<'silent' | 'over'>((done) => {
    const stream = watch.watch('/api/v1/pods', { labelSelector: instanceSelector(owner) }, (phase, pod: V1Pod) => {
      // The first words are what is there already.
      if (phase === 'DELETED' || phase === 'MODIFIED' || (phase === 'ADDED' && created(pod) > began)) hint()
    }, (error: unknown) => done(error instanceof Error && error.name === 'TimeoutError' ? 'silent' : 'over'))
    const end = () => void stream.then((request) => request.abort(), () => undefined).finally(() => done('over'))
    stream.catch(() => done('over'))
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
  }), { ms: longest })
}

/** A stream has no end of its own; what timers take at most. */
const longest = 2 ** 31 - 1

export const eyesOf = (cluster: Cluster): Eyes => ({
  glimpse: () => glimpse(cluster),
  look: (it) => look(cluster, it),
  hints: (hint, signal) => hints(cluster, hint, signal),
  addresses: () => cluster.addresses(),
})
