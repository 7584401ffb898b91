/** Role `host` from its configuration. */
import { createDocker, type DockerRuntime } from '../../activities/docker/docker.ts'
import { createPulse } from '../../activities/idle/pulse.ts'
import type { Marks } from '../../activities/mark.ts'
import { createHostSteps } from '../../activities/steps/host.ts'
import { createOwn } from '../../activities/steps/own.ts'
import { createWatch } from '../../activities/steps/watch.ts'
import { marksOf, needed, openEnvWith } from '../adapters.ts'
import type { Config } from '../config.ts'
import { startHost } from '../host.ts'
import { readKeyring } from '../keys/keyring.ts'
import type { RunningRole, WorkerContext } from '../role.ts'

export async function wireHost(config: Config, context: WorkerContext): Promise<RunningRole> {
  const settings = config.host!, runtime = runtimeOf(config, marksOf(config))
  await runtime.prepare()
  const machine = await runtime.capacity()
  const own = createOwn(), steps = own.wrap(createHostSteps({ runtime, openEnv: openEnvWith(readKeyring(config.keys.env!)) }))
  const watch = createWatch({ eyes: runtime.eyes, pulse: createPulse(), own })
  const role = await startHost(context, { steps, watch, check: () => runtime.eyes.glimpse(), offer: {
    host: settings.name, site: settings.site, address: settings.address, ports: settings.ports, slots: settings.slots, runtime: 'docker',
    cpu: settings.cpu ?? machine.cpu, memory: settings.memoryMi !== undefined ? settings.memoryMi * 2 ** 20 : machine.memory,
  } })
  return { done: role.done, stop: () => role.stop().finally(() => runtime.close()) }
}

export function runtimeOf(config: Config, marks: Marks): DockerRuntime {
  const host = needed(config.host, 'host')
  return createDocker({
    engine: { socketPath: host.socket }, marks, host: host.name, address: host.address, range: host.range,
    control: host.control, wall: host.wall, listenMs: host.probeMs,
  })
}
