/** Starts the roles of one process: `main.ts`, the demo and the journey tests all come through here. */
import type { Connection } from '@temporalio/client'
import type { NativeConnection } from '@temporalio/worker'
import type { Config } from './config.ts'
import { readKeyring } from './keys/keyring.ts'
import { prepareNamespace } from './namespace.ts'
import type { RoleContext, RunningRole, WorkerContext } from './role.ts'
import { startTraces } from './traces.ts'

export interface Running {
  /** The gateway's own address, when it is one of the roles. */
  readonly url?: string
  /** Rejects when a role fails. */
  readonly done: Promise<void>
  stop(): Promise<void>
}

export interface At {
  /** A worker's own, unless the gateway is the only role. */
  readonly connection: NativeConnection | Connection
  readonly namespace: string
}

/**
 * Refuses a namespace of another instance (`ForeignNamespace`). What was started is stopped again when a later one fails.
 * Each role is loaded only where it runs: a gateway alone needs neither the SDK's native core nor an engine's driver.
 */
export async function startRoles(config: Config, { connection, namespace }: At): Promise<Running> {
  const traces = config.traces && await startTraces({ ...config.traces, instance: config.instance })
  const started: RunningRole[] = []
  const stop = async () => {
    // The gateway first: nobody is promised what no worker is there to keep.
    for (const role of started.splice(0).reverse()) await role.stop()
    await traces?.stop()
  }
  let url: string | undefined
  try {
    await prepareNamespace(connection, { namespace, instance: config.instance })
    const context: RoleContext = {
      connection, namespace, instance: config.instance, payloads: readKeyring(config.keys.payloads), ...(traces && { traces }),
    }
    if (config.roles.includes('core')) started.push(await (await import('./wiring/core.ts')).wireCore(config, context as WorkerContext))
    if (config.roles.includes('host')) started.push(await (await import('./wiring/host.ts')).wireHost(config, context as WorkerContext))
    if (config.roles.includes('gateway')) {
      const { wireCodecEndpoint, wireGateway } = await import('./wiring/gateway.ts')
      const role = await wireGateway(config, context)
      url = role.url
      started.push(role)
      if (config.codecEndpoint) started.push(await wireCodecEndpoint(config, context))
    }
  } catch (error) {
    await stop()
    throw error
  }
  return { ...(url !== undefined && { url }), done: Promise.all(started.map(({ done }) => done)).then(() => undefined), stop }
}
