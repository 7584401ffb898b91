/** Starts the roles that `BERTH_CONFIG` names; drains on SIGTERM and SIGINT. */
import { setFlagsFromString } from 'node:v8'
import { readConfig } from './config.ts'
import { connect } from './connect.ts'
import { say } from './log.ts'
import { startRoles } from './roles.ts'

const file = process.env['BERTH_CONFIG']

try {
  if (file === undefined) throw new Error('Set BERTH_CONFIG to the configuration file; README, "Run it for real", shows one.')
  const config = readConfig(file)
  const native = config.metrics !== undefined || config.roles.some((role) => role !== 'gateway')
  // What a gateway makes is gone with each request; left alone, V8's new space would grow to 64 MB for it.
  if (!native) setFlagsFromString('--semi-space-growth-factor=1')
  if (native) (await import('./runtime.ts')).installRuntime({ ...(config.metrics !== undefined && { metrics: config.metrics }) })
  const { connection, namespace } = await connect({ native })
  const running = await startRoles(config, { connection, namespace })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void running.stop())
  say('info', 'berth is up', { instance: config.instance, roles: config.roles, url: running.url })
  await running.done
  await connection.close()
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1) // the SDK's runtime, which hands on the lines of its core, would keep it alive
}
