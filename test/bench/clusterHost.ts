/** A host of `kube_100`: the real driver, and the watch as a host role has it. */
import { randomBytes } from 'node:crypto'
import { createFinder } from '../../activities/idle/find.ts'
import { createPulse } from '../../activities/idle/pulse.ts'
import { createKubernetes } from '../../activities/kubernetes/kubernetes.ts'
import { createMarks } from '../../activities/mark.ts'
import { createHostSteps } from '../../activities/steps/host.ts'
import { createOwn } from '../../activities/steps/own.ts'
import { createWatch } from '../../activities/steps/watch.ts'
import type { SmallHost } from './small.ts'

/** `probe`: nothing listens on nodes that only seem to be. */
export async function clusterIn(kubeconfig: string): Promise<SmallHost> {
  const marks = createMarks({ instance: 'bench', secret: randomBytes(32) }), own = createOwn()
  const runtime = createKubernetes({ cluster: { kubeconfig }, marks, host: 'h1', control: [], reserve: 0.02, probe: 'pod' })
  await runtime.prepare()
  return {
    steps: own.wrap(createHostSteps({ runtime, openEnv: () => ({}) })),
    watch: createWatch({ eyes: runtime.eyes, pulse: runtime.pulse({ local: createPulse(), findProcess: createFinder() }), own }),
    offer: { address: '127.0.0.1', ports: [30_000, 32_767], runtime: 'kubernetes' },
  }
}
