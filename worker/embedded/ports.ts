/** A run of host ports for leases, which no other run on this machine takes. */
import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:net'

export interface PortRange {
  /** First and last. */
  readonly ports: readonly [number, number]
  /** Lets others have them. */
  release(): Promise<void>
}

/** Below the ports that Linux gives out by itself, which begin at 32768. */
const lowest = 21_000, highest = 32_000

/** `count` ports in a row on this address. The port before the first is held meanwhile, so that another run goes elsewhere. */
export async function portRange(count: number, host = '127.0.0.1'): Promise<PortRange> {
  const blocks = Math.floor((highest - lowest) / (count + 1))
  for (let tries = 0; tries < 200; tries++) {
    const first = lowest + randomInt(blocks) * (count + 1)
    const guard = await listen(first, host)
    if (!guard) continue
    const ports = [first + 1, first + count] as const
    if (await allFree(ports, host)) return { ports, release: () => close(guard) }
    await close(guard)
  }
  throw new Error(`No ${count} free ports in a row are left between ${lowest} and ${highest}.`)
}

async function allFree([from, to]: readonly [number, number], host: string): Promise<boolean> {
  for (let port = from; port <= to; port++) {
    const server = await listen(port, host)
    if (!server) return false
    await close(server)
  }
  return true
}

function listen(port: number, host: string): Promise<Server | undefined> {
  const server = createServer()
  return new Promise((done) => {
    server.once('error', () => done(undefined))
    server.listen(port, host, () => {
      server.unref()
      done(server)
    })
  })
}

const close = (server: Server) => new Promise<void>((done) => { server.close(() => done()) })
