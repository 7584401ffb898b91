/** Wires and starts the roles of one process: `main.ts`, the demo and the journey tests all come through here. */
import type { NativeConnection } from '@temporalio/worker'
import { createDirectorySteps } from '../activities/steps/directory.ts'
import { createPulse } from '../activities/idle/pulse.ts'
import { createHostSteps } from '../activities/steps/host.ts'
import { createNameSteps } from '../activities/steps/names.ts'
import { createOwn } from '../activities/steps/own.ts'
import { createWatch } from '../activities/steps/watch.ts'
import { createOpenLeases } from '../activities/temporal.ts'
import { createBrakeSteps } from '../activities/temporal/brake.ts'
import { createHostMemory } from '../activities/temporal/hosts.ts'
import { createRetrySteps } from '../activities/temporal/retry.ts'
import { createSweepSteps } from '../activities/temporal/sweep.ts'
import type { GatewayOptions } from '../client/gateway/options.ts'
import { directoryOf, marksOf, namesOf, openEnvWith, policyOf, runtimeOf, sealsOf } from './adapters.ts'
import { startCodecEndpoint } from './codecEndpoint.ts'
import type { Config } from './config.ts'
import { startCore } from './core.ts'
import { startGateway } from './gateway.ts'
import { startHost } from './host.ts'
import { readKeyring } from './keys/keyring.ts'
import { prepareNamespace } from './namespace.ts'
import type { RoleContext, RunningRole } from './role.ts'
import { defaultSweep } from './schedules.ts'
import { startTraces } from './traces.ts'

export interface Running {
  /** The gateway's own address, when it is one of the roles. */
  readonly url?: string
  /** Rejects when a role fails. */
  readonly done: Promise<void>
  stop(): Promise<void>
}

export interface At {
  readonly connection: NativeConnection
  readonly namespace: string
}

/** Refuses a namespace of another instance (`ForeignNamespace`). What was started is stopped again when a later one fails. */
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
    if (config.roles.includes('core')) started.push(await core(config, context))
    if (config.roles.includes('host')) started.push(await host(config, context))
    if (config.roles.includes('gateway')) {
      const role = await gateway(config, context)
      url = role.url
      started.push(role)
      if (config.codecEndpoint) started.push(await startCodecEndpoint(config, context))
    }
  } catch (error) {
    await stop()
    throw error
  }
  return { ...(url !== undefined && { url }), done: Promise.all(started.map(({ done }) => done)).then(() => undefined), stop }
}

async function core(config: Config, context: RoleContext): Promise<RunningRole> {
  const names = namesOf(config, marksOf(config))
  const steps = {
    ...createDirectorySteps({ directory: directoryOf(config), policy: policyOf(config) }), ...createNameSteps({ names }), ...createOpenLeases(),
    ...createSweepSteps(), ...createBrakeSteps(), ...createHostMemory(), ...createRetrySteps(),
  }
  const role = await startCore(context, { steps, sweep: { ...defaultSweep, ...config.sweep } })
  return { done: role.done, stop: () => role.stop().finally(() => names.close()) }
}

async function host(config: Config, context: RoleContext): Promise<RunningRole> {
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

function gateway(config: Config, context: RoleContext) {
  const { address, port, cert, key, trustedProxies } = config.gateway!
  const options: Partial<GatewayOptions> = {
    listen: { host: address, port }, trustedProxy: trustedProxies,
    ...(cert !== undefined && key !== undefined && { tls: { certFile: cert, keyFile: key } }),
  }
  return startGateway(context, {
    directory: directoryOf(config), policy: policyOf(config), options, seals: sealsOf(readKeyring(config.keys.tokens!), readKeyring(config.keys.env!)),
  })
}
