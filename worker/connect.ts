/** Where Temporal is, for real roles: `TEMPORAL_*` as the Temporal CLI knows them (envconfig). */
import { isIP } from 'node:net'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import { Connection } from '@temporalio/client'
import type { NativeConnection } from '@temporalio/worker'

export class UnsafeConnection extends Error {
  override name = 'UnsafeConnection'
}

/** Whoever reaches Temporal can act as anybody: outside loopback only with mutual TLS, or with TLS and a key. */
export function assertSafe(address: string, { clientCert, apiKey, tls }: { clientCert: boolean; apiKey: boolean; tls: boolean }): void {
  const host = address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  const loopback = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
  if (loopback || clientCert || (tls && apiKey)) return
  throw new UnsafeConnection(`Temporal at ${address} is not on this machine, so a role needs mutual TLS: set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH (or TLS with TEMPORAL_API_KEY).`)
}

/** `native`: as a worker needs it, with the SDK's native core; a gateway alone does not load that. */
export async function connect({ native }: { readonly native: boolean }): Promise<{ connection: NativeConnection | Connection; namespace: string }> {
  const { connectionOptions, namespace } = loadClientConnectConfig()
  const { tls, apiKey, address = '127.0.0.1:7233' } = connectionOptions
  assertSafe(address, {
    tls: tls !== undefined && tls !== false && tls !== null,
    clientCert: typeof tls === 'object' && tls !== null && tls.clientCertPair !== undefined,
    apiKey: apiKey !== undefined,
  })
  const options = {
    address,
    ...(tls !== undefined && { tls }),
    ...(typeof apiKey === 'string' && { apiKey }),
    ...(connectionOptions.metadata && { metadata: connectionOptions.metadata as Record<string, string> }),
  }
  const connection = native ? await (await import('@temporalio/worker')).NativeConnection.connect(options) : await Connection.connect(options)
  return { connection, namespace: namespace ?? 'default' }
}
