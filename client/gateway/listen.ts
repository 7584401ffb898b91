/** Opens the door: TLS from files, or plain HTTP where it cannot leave the machine or a trusted proxy stands in front. */
import { readFileSync } from 'node:fs'
import { createServer as createPlainServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'
import { isLoopbackHost } from './address.ts'
import type { Env } from './env.ts'
import type { GatewayOptions } from './options.ts'

export interface Listening {
  readonly url: string
  readonly port: number
  /** Ends open streams too. */
  close(): Promise<void>
}

type Where = Pick<GatewayOptions, 'listen' | 'tls' | 'trustedProxy'>

/** `what` is named by the refusal to listen. */
export async function listen(app: Hono<Env>, options: Where, what = 'The gateway'): Promise<Listening> {
  const { host, port } = options.listen, { tls } = options
  if (!tls && !isLoopbackHost(host) && options.trustedProxy.length === 0) {
    throw new Error(`${what} serves plain HTTP only on loopback: give it a certificate and a key, name the trusted proxy in front of it, or let it listen on 127.0.0.1 instead of ${host}.`)
  }
  // A slow sender may not keep a connection for ever; answers (streams) are not limited by these.
  const limits = { requestTimeout: 30_000, headersTimeout: 15_000, maxHeaderSize: 16 * 1024 }
  const server = createAdaptorServer({
    fetch: app.fetch,
    ...tls
      ? { createServer: createTlsServer, serverOptions: { ...limits, minVersion: 'TLSv1.2' as const, cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) } }
      : { createServer: createPlainServer, serverOptions: limits },
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const at = server.address() as AddressInfo
  const shown = at.family === 'IPv6' ? `[${at.address}]` : at.address
  return {
    url: `${tls ? 'https' : 'http'}://${shown}:${at.port}`, port: at.port,
    close: () => new Promise<void>((resolve, reject) => {
      server.close((error) => error ? reject(error) : resolve())
      if ('closeAllConnections' in server) server.closeAllConnections()
    }),
  }
}
