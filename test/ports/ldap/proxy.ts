/** A TCP proxy that fails on purpose, for what a server does in the middle of a conversation. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface Faults {
  /** Passes so many bytes of the server's answers, then nothing more. */
  readonly stallAfter?: number
  /** Resets the connection after so many of the server's answers. */
  readonly resetAfter?: number
  /** Closes it instead, politely. */
  readonly closeAfter?: number
  /** Puts so many ms between the bytes of each answer. */
  readonly dripMs?: number
}

export interface Proxy extends AsyncDisposable {
  readonly url: string
  /** What clients sent, as one text. */
  readonly sent: () => string
  readonly connections: () => number
}

export async function startProxy(target: number, { stallAfter, resetAfter, closeAfter, dripMs }: Faults = {}): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const sent: Buffer[] = []
  let connections = 0
  const server = createServer((client) => {
    connections += 1
    const upstream = connect(target, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => { client.destroy(); upstream.destroy() })
    }
    let passed = 0, answers = 0
    client.on('data', (bytes) => { sent.push(bytes); upstream.write(bytes) })
    upstream.on('data', (bytes) => {
      answers += 1
      const whole = stallAfter === undefined ? bytes : bytes.subarray(0, Math.max(0, stallAfter - passed))
      passed += bytes.length
      if (dripMs === undefined) client.write(whole)
      else [...whole].forEach((byte, at) => void setTimeout(() => client.write(Buffer.from([byte])), at * dripMs))
      if (answers === resetAfter) client.resetAndDestroy()
      if (answers === closeAfter) client.end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `ldap://127.0.0.1:${(server.address() as { port: number }).port}`,
    sent: () => Buffer.concat(sent).toString('latin1'),
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
