/**
 * A Kubernetes cluster for tests, of this machine's processes alone. `api`: API server and controllers, pods stay Pending.
 * `kwok`: nodes that only seem to be, where pods become Ready and nothing runs. `node`: one real node, for root alone.
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Say } from '../../worker/embedded/goBuild.ts'
import { whenWeDie } from '../../worker/embedded/tether.ts'
import { kubeBinary } from './binary.ts'
import { makeCredentials } from './certificates.ts'
import { startApi, startControllers, type ControlPlane } from './controlPlane.ts'
import { startKwok } from './kwok.ts'
import { layOut, removeLeftovers, sweep, type Trace } from './leftovers.ts'
import { freeAddresses } from './node/addresses.ts'
import { layNode, type RealNode } from './node/node.ts'
import type { Bench, MoreFlags } from './programs.ts'
import { use, type Mode, type Use } from './use.ts'

export interface ClusterOptions {
  readonly mode: Mode
  /** Takes the cluster's folder, which is removed when it stops; the machine's temporary folder when absent. */
  readonly dir?: string
  /** First and last that the API server gives to Services; 30000 to 32767 when absent, as Kubernetes has it. */
  readonly nodePorts?: readonly [number, number]
  /** On `kwok`: whether it starts with the node `node1`; yes when absent. */
  readonly firstNode?: boolean
  readonly flags?: MoreFlags
  readonly say?: Say
}

export interface Cluster extends Use {
  readonly api: {
    /** SIGKILL, as a fault does it. */
    kill(): Promise<void>
    /** On the same data; resolves when it answers /readyz. */
    start(): Promise<void>
    /** SIGSTOP: it accepts connections, and answers nothing. */
    freeze(): void
    thaw(): void
  }
  /** Ends every process of it and leaves nothing behind. */
  stop(): Promise<void>
}

/** Starts one and returns when pods become ready on it (`api`: when controllers work). It dies with this process. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  if (options.mode === 'node' && process.getuid?.() !== 0) throw new Error('Only root can start a cluster with a real node.')
  const kube = await kubeBinary(options.say)
  await sweep()
  const { dir, trace } = layOut(options.dir ?? tmpdir())
  const callOff = whenWeDie([process.execPath, join(import.meta.dirname, 'leftovers.ts'), dir])
  const bench: Bench = { dir, kube, flags: options.flags ?? {}, started: [] }
  const stop = async () => {
    await Promise.all(bench.started.map((it) => it.kill()))
    await removeLeftovers(dir)
    callOff()
  }
  try {
    const { plane, node } = await startParts(bench, trace, options)
    const { apiServer, kubeconfig, admin } = plane
    const it = use({
      mode: options.mode, kubeconfig, url: admin.server, address: node?.address ?? '127.0.0.1', kube, ...(node && { within: node.within }),
    })
    if (it.mode === 'kwok' && options.firstNode !== false) await it.fakeNode('node1')
    const api: Cluster['api'] = {
      kill: () => apiServer.kill(), start: () => apiServer.start(), freeze: () => apiServer.freeze(), thaw: () => apiServer.thaw(),
    }
    return { ...it, api, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startParts(bench: Bench, trace: Trace, { mode, nodePorts = [30_000, 32_767] }: ClusterOptions): Promise<{ plane: ControlPlane; node?: RealNode }> {
  const addresses = mode === 'node' ? freeAddresses() : undefined
  // The API server listens on our end of the node's link.
  const node = addresses && await layNode(bench, { ...trace, addresses })
  const { host, services, firstService } = addresses ?? { host: '127.0.0.1', services: '10.96.0.0/16', firstService: '10.96.0.1' }
  const credentials = makeCredentials(join(bench.dir, 'credentials'), [...new Set(['127.0.0.1', host, firstService])])
  const plan = { credentials, host, services, nodePorts, scheduler: mode !== 'api' }
  const plane = await startApi(bench, plan)
  await Promise.all([startControllers(bench, plane, plan), mode === 'kwok' && startKwok(bench, plane), node?.join(plane, join(credentials.dir, 'ca.crt'))])
  return { plane, ...(node && { node }) }
}
