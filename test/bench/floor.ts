/**
 * The raw floor of a lend: what engine and nameserver cost without Berth. Create, start and inspect through plain
 * dockerode, with the limits and hardening of a lease and a network that stands, then one signed update by the bare client.
 */
import Docker from 'dockerode'
import { containerOptions } from '../../activities/docker/container.ts'
import { createMarks } from '../../activities/mark.ts'
import { createRfc2136Names } from '../../activities/rfc2136/names.ts'
import type { Nameserver } from '../../activities/rfc2136/server.ts'
import { addressIn } from '../../worker/embedded/subnet.ts'
import type { LeaseSpec } from '../../workflows/terms.ts'
import { newKey } from '../ports/names.suite.ts'

export interface FloorOptions {
  readonly socketPath: string
  readonly zone: string
  readonly nameserver: Nameserver
  readonly spec: Omit<LeaseSpec, 'env'>
  /** First of the host ports that it may bind. */
  readonly firstPort: number
  /** A /20; each lane has a /28 of it, as an account has. */
  readonly subnet: string
  readonly lanes: number
}

export interface Raised {
  readonly ms: number
  /** Removes it. */
  undo(): Promise<void>
}

export interface Floor {
  raise(lane: number): Promise<Raised>
  close(): Promise<void>
}

const label = 'berth.bench'

export async function openFloor(options: FloorOptions): Promise<Floor> {
  const { socketPath, zone, nameserver, spec, firstPort, subnet, lanes } = options
  const docker = new Docker({ socketPath }), run = `bench-${process.pid}`
  const marks = createMarks({ instance: 'floor', secret: Buffer.alloc(32, 1) })
  const names = createRfc2136Names({ zones: { [zone]: nameserver }, marks })
  const { InitCommit } = await docker.info() as { InitCommit?: { ID: string } }
  const networks = await Promise.all(Array.from({ length: lanes }, (_, lane) => docker.createNetwork({
    Name: `${run}-${lane}`, Driver: 'bridge', Labels: { [label]: run },
    IPAM: { Driver: 'default', Config: [{ Subnet: `${addressIn(subnet, lane * 16)}/28` }] },
  })))
  let next = 0
  return {
    async raise(lane) {
      const key = newKey(), hostPort = firstPort + (next++ % 400)
      const owner = { zone, label: `floor-${key.slice(0, 6)}`, key, number: 1 }
      const order = { key, number: 1, member: 'floor', spec, hostPorts: [hostPort] }
      const shape = containerOptions(order, {
        name: `${run}-${key}`, labels: { [label]: run }, network: `${run}-${lane}`, address: '127.0.0.1',
        init: InitCommit?.ID !== 'N/A', pids: 256, dns: [],
      })
      const began = performance.now()
      const container = await docker.createContainer(shape)
      await container.start()
      await container.inspect()
      await names.claim({ ...owner, address: '127.0.0.1', ports: [{ port: 80, hostPort }], ttlMs: 1_000 })
      const ms = performance.now() - began
      return { ms, undo: async () => void await Promise.all([container.remove({ force: true, v: true }), names.release(owner)]) }
    },
    async close() {
      const left = await docker.listContainers({ all: true, filters: { label: [`${label}=${run}`] } })
      await Promise.all(left.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })))
      await Promise.all(networks.map((network) => network.remove()))
      await names.close()
    },
  }
}
