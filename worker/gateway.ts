/** Role `gateway`: the only door for members and admins. */
import { isAdmin } from '../activities/policy/admin.ts'
import type { Policy } from '../activities/policy/policy.ts'
import { createGateway, type GatewayNeeds } from '../client/gateway/gateway.ts'
import type { GatewayOptions } from '../client/gateway/options.ts'
import type { Seals } from '../client/gateway/seals.ts'
import type { Directory } from '../workflows/ports.ts'
import { clientOf } from './client.ts'
import type { RoleContext, RunningRole } from './role.ts'

export interface GatewayRole extends RunningRole {
  readonly url: string
}

export interface GatewayRoleOptions {
  readonly directory: Directory
  readonly policy: Pick<Policy, 'current'>
  readonly seals: Seals
  readonly options: Partial<GatewayOptions>
  readonly chat?: NonNullable<GatewayNeeds['chat']>
}

export async function startGateway(context: RoleContext, { directory, policy, seals, options, chat }: GatewayRoleOptions): Promise<GatewayRole> {
  const temporal = clientOf(context, context.traces?.client)
  const gateway = createGateway({ temporal, directory, isAdmin: (person) => isAdmin(person, policy), seals, options, ...(chat && { chat }) })
  const listening = await gateway.listen()
  let ended = () => {}
  return {
    url: listening.url,
    done: new Promise((resolve) => { ended = () => resolve() }),
    async stop() {
      await listening.close()
      ended()
    },
  }
}
