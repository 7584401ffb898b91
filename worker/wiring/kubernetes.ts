/** A host that is a Kubernetes cluster. */
import { readFileSync } from 'node:fs'
import { createKubernetes, type KubernetesRuntime } from '../../activities/kubernetes/kubernetes.ts'
import type { Marks } from '../../activities/mark.ts'
import { createFinder } from '../../activities/idle/find.ts'
import { createPulse } from '../../activities/idle/pulse.ts'
import { needed } from '../adapters.ts'
import type { Config } from '../config.ts'
import { say } from '../log.ts'
import type { Lender } from './lender.ts'

/** Throws, with what an admin has to do, where nothing can be lent on it; what else is worth knowing of it is logged. */
export async function lendCluster(config: Config, marks: Marks): Promise<Lender> {
  const runtime = clusterOf(config, marks), settings = config.host!
  for (const { level, says } of await runtime.prepare(settings.ports)) say(level, says, { host: settings.name })
  return {
    runtime, reach: runtime.reach, eyes: runtime.eyes, pulse: runtime.pulse({ local: createPulse(), findProcess: createFinder() }), kind: 'kubernetes', close: () => runtime.close(),
    async offer() {
      const [capacity, addresses] = await Promise.all([runtime.capacity(), runtime.addresses()])
      const address = settings.address ?? addresses[0]
      if (address === undefined) throw new Error('No node of the cluster is ready.')
      return { address, ...(settings.address === undefined && addresses.length > 1 && { addresses }), ...capacity }
    },
  }
}

export function clusterOf(config: Config, marks: Marks): KubernetesRuntime {
  const host = needed(config.host, 'host'), { kubeconfig, context, pullSecretFile, ...how } = needed(host.kubernetes, 'host.kubernetes')
  return createKubernetes({
    cluster: { ...(kubeconfig !== undefined && { kubeconfig }), ...(context !== undefined && { context }) },
    marks, host: host.name, control: host.control, listenMs: host.probeMs, ...how,
    ...(host.address !== undefined && { addresses: [host.address] }),
    ...(pullSecretFile !== undefined && { pullSecret: readFileSync(pullSecretFile, 'utf8') }),
  })
}
