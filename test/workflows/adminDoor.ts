/** An admin's door to a world, as the gateway opens it for ada: the directory knows everybody, and she is proven an admin. */
import { randomUUID } from 'node:crypto'
import { createAccounts } from '../../client/gateway/accounts.ts'
import { defaultOptions } from '../../client/gateway/options.ts'
import { createAdminDoor } from '../../client/gateway/sites.ts'
import type { World } from './harness.ts'

export const adminDoor = ({ client }: Pick<World, 'client'>, requestId: string = randomUUID()) => createAdminDoor({
  temporal: client, accounts: createAccounts(client, defaultOptions), options: defaultOptions, requestId,
  knows: () => Promise.resolve(true), prove: () => Promise.resolve('ada'),
})
