/** What a lease's container is created with: limits and hardening, decided here and nowhere else. Pure. */
import type { ContainerCreateOptions } from 'dockerode'
import { CannotRun, type StartOrder } from '../../workflows/ports.ts'
import type { Labels } from '../labels.ts'

export interface Shape {
  readonly name: string
  readonly labels: Labels
  readonly network: string
  /** Address that host ports are bound on. */
  readonly address: string
  /** Whether the engine has docker-init: it reaps what the command leaves behind and passes signals on. */
  readonly init: boolean
  readonly pids: number
  readonly dns: readonly string[]
}

/** Below it the engine refuses (dockerd 20.10; older ones took 4 MiB). */
export const leastMemory = 6 * 2 ** 20

export function containerOptions(order: StartOrder, shape: Shape): ContainerCreateOptions & { name: string } {
  const { spec, hostPorts } = order
  if (spec.memory < leastMemory) throw new CannotRun('tooBig', 'A container needs at least 6 MiB of memory.')
  const tcp = (port: number) => `${port}/tcp`
  return {
    name: shape.name,
    Image: spec.reference,
    Labels: { ...shape.labels },
    ...(spec.command && { Cmd: [...spec.command] }),
    Env: Object.entries(spec.env ?? {}).map(([name, value]) => `${name}=${value}`),
    ExposedPorts: Object.fromEntries(spec.ports.map((port) => [tcp(port), {}])),
    // An image's own health check would look like activity, and nobody reads it.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      NetworkMode: shape.network,
      PortBindings: Object.fromEntries(spec.ports.map((port, i) => [tcp(port), [{ HostIp: shape.address, HostPort: String(hostPorts[i]) }]])),
      NanoCpus: Math.round(spec.cpu * 1e9),
      Memory: spec.memory,
      // Equal to Memory: no swap on top.
      MemorySwap: spec.memory,
      PidsLimit: shape.pids,
      CapDrop: ['ALL'],
      CapAdd: ['NET_BIND_SERVICE'],
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } },
      // The watch starts it again where policy says so; an engine that does it too would do it behind its back.
      RestartPolicy: { Name: 'no' },
      ...(shape.init && { Init: true }),
      ...(shape.dns.length > 0 && { Dns: [...shape.dns] }),
    },
  }
}
