/** Starts the codec endpoint beside the gateway, when the configuration has one. */
import { isAdmin } from '../activities/policy/admin.ts'
import { listen } from '../client/gateway/listen.ts'
import { directoryOf, policyOf } from './adapters.ts'
import type { Config } from './config.ts'
import { codecEndpoint } from './keys/endpoint.ts'
import type { RoleContext, RunningRole } from './role.ts'

export async function startCodecEndpoint(config: Config, { payloads }: RoleContext): Promise<RunningRole> {
  const { address, port, origin, cert, key } = config.codecEndpoint!, policy = policyOf(config)
  const app = codecEndpoint({ payloads, origin, directory: directoryOf(config), isAdmin: (person) => isAdmin(person, policy) })
  const listening = await listen(app, {
    listen: { host: address, port }, trustedProxy: [],
    ...(cert !== undefined && key !== undefined && { tls: { certFile: cert, keyFile: key } }),
  }, 'The codec endpoint')
  const { promise: done, resolve } = Promise.withResolvers<void>()
  return { done, stop: () => listening.close().then(resolve) }
}
