/** Role `gateway`: the only door for members and admins. */
import { Client } from '@temporalio/client'
import { isAdmin } from '../activities/policy/admin.ts'
import type { Policy } from '../activities/policy/policy.ts'
import { createGateway } from '../client/gateway/gateway.ts'
import type { GatewayOptions } from '../client/gateway/options.ts'
import type { Seals } from '../client/gateway/seals.ts'
import type { Directory } from '../workflows/ports.ts'
import { dataConverter } from './keys/converter.ts'
import type { RoleContext, RunningRole } from './role.ts'

export interface GatewayRole extends RunningRole {
  readonly url: string
}

export interface GatewayRoleOptions {
  readonly directory: Directory
  readonly policy: Pick<Policy, 'current'>
  readonly seals: Seals
  readonly options: Partial<GatewayOptions>
}

export async function startGateway(context: RoleContext, { directory, policy, seals, options }: GatewayRoleOptions): Promise<GatewayRole> {
  const temporal = new Client({ connection: context.connection, namespace: context.namespace, dataConverter: dataConverter(context.payloads), ...(context.traces && { interceptors: context.traces.client }) })
  const gateway = createGateway({ temporal, directory, isAdmin: (person) => isAdmin(person, policy), seals, options })
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
