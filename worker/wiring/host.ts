/** Role `host` from its configuration: one Docker engine, or one Kubernetes cluster. */
import type { Marks } from '../../activities/mark.ts'
import { createHostSteps } from '../../activities/steps/host.ts'
import { createOwn } from '../../activities/steps/own.ts'
import { createWatch } from '../../activities/steps/watch.ts'
import { marksOf, openEnvWith, sealAccess } from '../adapters.ts'
import type { Config } from '../config.ts'
import { startHost } from '../host.ts'
import { readKeyring } from '../keys/keyring.ts'
import type { RunningRole, WorkerContext } from '../role.ts'
import type { Lender } from './lender.ts'

export async function wireHost(config: Config, context: WorkerContext): Promise<RunningRole> {
  const settings = config.host!, lender = await lenderOf(config, marksOf(config)), { runtime, eyes, pulse } = lender
  const reach = lender.reach && { of: lender.reach, seal: sealAccess }
  const own = createOwn(), steps = own.wrap(createHostSteps({ runtime, reach, openEnv: openEnvWith(readKeyring(config.keys.env!)) }))
  const watch = createWatch({ eyes, pulse, own })
  const now = async () => ({
    ...await lender.offer(),
    ...(settings.cpu !== undefined && { cpu: settings.cpu }), ...(settings.memoryMi !== undefined && { memory: settings.memoryMi * 2 ** 20 }),
  })
  const offer = { host: settings.name, site: settings.site, ports: settings.ports, slots: settings.slots, runtime: lender.kind, ...await now() }
  const role = await startHost(context, { steps, watch, offer, now, ...(lender.kind === 'docker' && { check: () => eyes.glimpse() }) })
  return { done: role.done, stop: () => role.stop().finally(() => lender.close()) }
}

/** Only the driver that is needed is loaded. */
const lenderOf = async (config: Config, marks: Marks): Promise<Lender> => config.host!.kubernetes
  ? await (await import('./kubernetes.ts')).lendCluster(config, marks)
  : await (await import('./docker.ts')).lendEngine(config, marks)
