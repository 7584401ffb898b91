/** A host that is a Docker engine. */
import { createDocker, type DockerRuntime } from '../../activities/docker/docker.ts'
import { createPulse } from '../../activities/idle/pulse.ts'
import type { Marks } from '../../activities/mark.ts'
import { needed } from '../adapters.ts'
import type { Config } from '../config.ts'
import type { Lender } from './lender.ts'

export async function lendEngine(config: Config, marks: Marks): Promise<Lender> {
  const runtime = dockerOf(config, marks), address = needed(config.host?.address, 'host.address')
  await runtime.prepare()
  const machine = await runtime.capacity()
  return { runtime, eyes: runtime.eyes, pulse: createPulse(), kind: 'docker', offer: async () => ({ address, ...machine }), close: () => runtime.close() }
}

export function dockerOf(config: Config, marks: Marks): DockerRuntime {
  const host = needed(config.host, 'host')
  return createDocker({
    engine: { socketPath: host.socket }, marks, host: host.name, address: needed(host.address, 'host.address'), range: host.range,
    control: host.control, wall: host.wall, listenMs: host.probeMs,
  })
}
