/**
 * Where lends are measured, all on real parts: Temporal embedded, slapd, Knot, the Docker engine, and Berth's roles core,
 * host and gateway in one process of their own. Load comes from the bench's process, through the gateway over HTTP.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { whyNoWall } from '../../activities/docker/iptables.ts'
import { createBerth, inMemory, type Berth } from '../../client/berth.ts'
import { clear } from '../../worker/demo/clear.ts'
import { type ChatSurroundings, makeConfiguration } from '../../worker/demo/configuration.ts'
import { startProcess } from '../../worker/demo/process.ts'
import { checkConfig } from '../../worker/config.ts'
import { engine } from '../../worker/embedded/engine.ts'
import { buildImages, webImage } from '../../worker/embedded/image.ts'
import { startKnot } from '../../worker/embedded/knot.ts'
import { freePort } from '../../worker/embedded/port.ts'
import { portRange } from '../../worker/embedded/ports.ts'
import { startSlapd } from '../../worker/embedded/slapd.ts'
import { freeSubnet, overlaps } from '../../worker/embedded/subnet.ts'
import { startTemporal } from '../../worker/embedded/temporal/start.ts'
import { dataConverter } from '../../worker/keys/converter.ts'
import { readKeyring } from '../../worker/keys/keyring.ts'
import type { LeaseSpec } from '../../workflows/terms.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import { clusterReserve, openClusterFloor } from './clusterFloor.ts'
import { openFloor, type Floor } from './floor.ts'
import { followCluster, followEngine, type Starts } from './starts.ts'

export const lanes = 8, password = 'bench'
const zone = 'bench.berth.test', notifyEveryMs = 100
export const spec: Omit<LeaseSpec, 'env'> = { image: 'web', reference: webImage, cpu: 0.5, memory: 64 * 2 ** 20, ports: [80] }

export interface Stage {
  readonly floor: Floor
  /** Knows the stories; looks, and never lends. */
  readonly client: Client
  /** When containers of its leases were started. */
  followStarts(): Promise<Starts>
  readonly instance: string
  /** The library of a member who is signed in. */
  member(number: number): Promise<Berth>
  /** Its address. */
  readonly gateway: string
  /** One more gateway in a process of its own, beside the first; its address and process. */
  anotherGateway(): Promise<{ readonly url: string; readonly pid: number }>
  /** What is inside, for the note. */
  readonly inside: string
  close(): Promise<void>
}

export interface StageOptions {
  readonly say: (line: string) => void
  readonly chat?: ChatSurroundings
  /** Lends on it instead of on the Docker engine. */
  readonly cluster?: Pick<Cluster, 'kubeconfig' | 'address'> & { readonly probe: 'pod' | 'node port' }
}

export async function openStage({ say, chat, cluster }: StageOptions): Promise<Stage> {
  const root = await mkdtemp(join(tmpdir(), 'berth-bench-'))
  const undo: (() => Promise<unknown>)[] = [() => rm(root, { recursive: true, force: true })]
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step().catch((error: unknown) => say(`clean-up: ${String(error)}`))
  }
  const keep = <T extends { stop(): Promise<unknown> }>(it: T): T => {
    undo.push(() => it.stop())
    return it
  }
  const folder = (part: string) => {
    mkdirSync(join(root, part), { mode: 0o700 })
    return join(root, part)
  }
  try {
    const uids = Array.from({ length: lanes }, (_, number) => `member${number}`)
    const updateKey = { name: 'bench-key', secret: randomBytes(32).toString('base64') }
    const temporal = keep(await startTemporal({ dir: folder('temporal'), say }))
    const directory = keep(await startSlapd({
      dir: folder('directory'), people: uids.map((uid) => ({ uid, password })), groups: [{ cn: 'staff', members: uids }],
    }))
    const socketPath = cluster ? '' : keep(await engine()).socketPath
    if (!cluster) await buildImages(socketPath)
    const knot = keep(await startKnot({ dir: folder('names'), zones: [zone], key: updateKey, notifyEveryMs }))
    const { ports, floorPorts, range, floorRange } = await room(undo), noWall = whyNoWall()
    const dir = folder('berth'), policy = join(dir, 'policy.yaml')
    writeFileSync(policy, JSON.stringify(policyOf()))
    const made = makeConfiguration({
      dir, instance: `bench-${process.pid}`, roles: ['core', 'host', 'gateway'], policy, directory, nameserver: knot, zones: [zone], updateKey,
      host: { name: 'bench', site: 'campus', socket: socketPath, ports, range, wall: noWall ? 'none' : 'iptables' },
      gatewayPort: await freePort(), ...(chat && { chat }),
    })
    // More than the machine has: what is measured is time, and each lease alone stays within the machine.
    const plenty = { cpu: 1_000, memoryMi: 100_000, slots: 400 }
    const config = { ...made, host: cluster ? { ...clusterHost(cluster), ...plenty } : { ...made.host, ...plenty } }
    const checked = checkConfig(config)
    if (!cluster) undo.push(() => clear(checked))
    keep(await startProcess({ dir, name: 'berth', config, temporal: { address: temporal.address, namespace: 'default' } }))
    const gateway = `http://127.0.0.1:${checked.gateway!.port}`

    const connection = await Connection.connect({ address: temporal.address })
    undo.push(() => connection.close())
    const client = new Client({ connection, namespace: 'default', dataConverter: dataConverter(readKeyring(checked.keys.payloads)) })
    const nameserver = {
      server: { host: knot.address, port: knot.port },
      key: { name: updateKey.name, algorithm: 'hmac-sha256' as const, secret: Buffer.from(updateKey.secret, 'base64') },
    }
    const floor = cluster
      ? await openClusterFloor({ ...cluster, zone, spec, nameserver, ports: floorNodePorts })
      : await openFloor({ socketPath, zone, spec, firstPort: floorPorts[0], subnet: floorRange, lanes, nameserver })
    undo.push(() => floor.close())
    const members = new Map<number, Promise<Berth>>()
    const signIn = async (number: number) => {
      const berth = createBerth({ gateway, tokens: inMemory() })
      await berth.login(uids[number]!, password)
      return berth
    }
    return {
      floor, client, instance: checked.instance, gateway, close,
      followStarts: () => cluster ? followCluster(cluster.kubeconfig, checked.instance) : followEngine(socketPath, checked.instance),
      async anotherGateway() {
        const port = await freePort()
        const { pid } = keep(await startProcess({
          dir, name: 'gateway', config: { ...config, roles: ['gateway'], gateway: { ...config.gateway, port } }, temporal: { address: temporal.address, namespace: 'default' },
        }))
        return { url: `http://127.0.0.1:${port}`, pid }
      },
      member(number) {
        const berth = members.get(number) ?? signIn(number)
        members.set(number, berth)
        return berth
      },
      inside: `${cluster ? 'Kubernetes 1.36.3 with one real node' : 'Docker engine'} (one port, 0.5 cpu, 64 MiB, ${noWall || cluster ? 'no wall' : 'wall up'}), Knot (notify remedy every ${notifyEveryMs} ms), slapd, `
        + 'Temporal embedded, codec on, all roles in one process, load from another',
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Host ports and ranges for leases and for the floor. */
async function room(undo: (() => Promise<unknown>)[]) {
  const ports = await portRange(400), floorPorts = await portRange(400), range = freeSubnet(20)
  undo.push(() => ports.release(), () => floorPorts.release())
  let floorRange = freeSubnet(20)
  while (overlaps(range, floorRange)) floorRange = freeSubnet(20)
  return { ports: ports.ports, floorPorts: floorPorts.ports, range, floorRange }
}

const leaseNodePorts = [30_000, 30_999] as const, floorNodePorts = [31_000, 31_999] as const

/** Pods reserve next to no cpu, for a machine of two cores is to hold dozens of them. */
const clusterHost = ({ kubeconfig, probe }: Pick<NonNullable<StageOptions['cluster']>, 'kubeconfig' | 'probe'>) =>
  ({ name: 'bench', site: 'campus', ports: leaseNodePorts, kubernetes: { kubeconfig, probe, reserve: clusterReserve } })

/** JSON is YAML too. Plenty of everything, since what is measured is time. */
function policyOf() {
  return {
    images: { web: { reference: webImage, ports: [80] } },
    sites: { campus: { zone, hosts: ['bench'], ttl: '1s', negativeTtl: '1s' } },
    defaults: {
      images: ['web'], cpu: spec.cpu, memory: '64Mi', count: 40, totalCpu: 40, totalMemory: '40Gi', default: '2h', longest: '8h',
      warn: ['15m', '5m'], longestWait: '10m',
    },
    groups: { staff: {} },
  }
}
