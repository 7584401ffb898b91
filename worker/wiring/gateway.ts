/** Role `gateway` from its configuration, and the codec endpoint beside it. */
import type { GatewayOptions } from '../../client/gateway/options.ts'
import { chatSealsOf, chatSettingsOf, directoryOf, policyOf, sealsOf } from '../adapters.ts'
import type { Config } from '../config.ts'
import { type GatewayRole, startGateway } from '../gateway.ts'
import { readKeyring } from '../keys/keyring.ts'
import type { RoleContext } from '../role.ts'

export { startCodecEndpoint as wireCodecEndpoint } from '../codecEndpoint.ts'

export function wireGateway(config: Config, context: RoleContext): Promise<GatewayRole> {
  const { address, port, cert, key, trustedProxies } = config.gateway!
  const options: Partial<GatewayOptions> = {
    listen: { host: address, port }, trustedProxy: trustedProxies,
    ...(cert !== undefined && key !== undefined && { tls: { certFile: cert, keyFile: key } }),
  }
  return startGateway(context, {
    directory: directoryOf(config), policy: policyOf(config), options, ...chatOf(config), seals: sealsOf(readKeyring(config.keys.tokens!), readKeyring(config.keys.env!)),
  })
}

function chatOf(config: Config) {
  const settings = chatSettingsOf(config)
  return settings && { chat: { settings, seals: chatSealsOf(readKeyring(config.keys.chat!)) } }
}
