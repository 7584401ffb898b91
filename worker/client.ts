/** A role's client of Temporal: in its namespace, with payloads as every role writes them. */
import { Client, type ClientInterceptors } from '@temporalio/client'
import { dataConverter } from './keys/converter.ts'
import type { RoleContext } from './role.ts'

export const clientOf = ({ connection, namespace, payloads }: RoleContext, interceptors?: ClientInterceptors): Client =>
  new Client({ connection, namespace, dataConverter: dataConverter(payloads), ...(interceptors && { interceptors }) })
