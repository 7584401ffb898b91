/** Keeps the clusters that a run's test files share: each is started by the first that asks, and stopped with the run. */
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import { startCluster, type Cluster } from './cluster.ts'
import type { Mode, Reach } from './use.ts'

export interface Broker {
  /** Path of the socket where it is asked. */
  readonly socketPath: string
  stop(): Promise<void>
}

/** Listens on a socket in `dir`. A cluster that did not start is not tried again: all that ask hear why. */
export async function startBroker(dir: string): Promise<Broker> {
  const clusters = new Map<Mode, Promise<Cluster>>()
  const cluster = (mode: Mode) => {
    const known = clusters.get(mode) ?? startCluster({ mode, say: console.log })
    clusters.set(mode, known)
    return known
  }
  const socketPath = join(dir, 'clusters.sock')
  const server = createServer((question, answer) => {
    const end = (status: number, body: string) => answer.writeHead(status).end(body)
    cluster(question.url!.slice(1) as Mode).then((it) => end(200, JSON.stringify(reachOf(it))), (error: Error) => end(500, error.message))
  })
  await new Promise<void>((done, fail) => server.once('error', fail).listen(socketPath, done))
  return {
    socketPath,
    async stop() {
      server.close()
      server.closeAllConnections()
      await Promise.all([...clusters.values()].map((it) => it.then((one) => one.stop(), () => {})))
    },
  }
}

const reachOf = ({ mode, kubeconfig, url, address, kube, within }: Cluster): Reach => (
  { mode, kubeconfig, url, address, kube, ...(within && { within }) })

/** Asks for the cluster of this mode, and waits for it. */
export function askBroker(socketPath: string, mode: Mode): Promise<Reach> {
  return new Promise((done, fail) => {
    request({ socketPath, path: `/${mode}` }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => { text += chunk }).on('error', fail)
        .on('end', () => answer.statusCode === 200 ? done(JSON.parse(text) as Reach) : fail(new Error(text)))
    }).on('error', fail).end()
  })
}
