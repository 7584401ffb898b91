/** Free ports on loopback. */
import { createSocket } from 'node:dgram'
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'

const host = '127.0.0.1'

/** A port that was free for TCP and UDP a moment ago; whoever takes it still checks that its own process lives. */
export async function freePort(): Promise<number> {
  for (;;) {
    const tcp = createServer()
    await new Promise<void>((done, fail) => tcp.once('error', fail).listen(0, host, done))
    const { port } = tcp.address() as { port: number }
    const udp = createSocket('udp4')
    const free = await new Promise<boolean>((done) => {
      udp.once('error', () => done(false)).bind(port, host, () => udp.close(() => done(true)))
    })
    await new Promise((done) => tcp.close(done))
    if (free) return port
  }
}

/** This port if nobody listens there, else any free one. */
export async function preferredPort(port: number): Promise<number> {
  const tcp = createServer()
  const free = await new Promise<boolean>((done) => {
    tcp.once('error', () => done(false)).listen(port, host, () => tcp.close(() => done(true)))
  })
  return free ? port : freePort()
}

/**
 * Whether it is this process that listens on the port: a server that lost its port to another must not be taken for that
 * other. Only Linux can tell; elsewhere the answer is yes.
 */
export function ownsPort(pid: number, port: number): boolean {
  if (!existsSync('/proc/net/tcp')) return true
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6'].filter(existsSync).flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    .map((line) => line.trim().split(/\s+/))
    // Columns: local address, remote address, state (0A listens), …, inode.
    .filter((columns) => columns[1]?.endsWith(`:${hex}`) && columns[3] === '0A').map((columns) => `socket:[${columns[9]}]`)
  return readdirSync(`/proc/${pid}/fd`).some((fd) => {
    try {
      return sockets.includes(readlinkSync(`/proc/${pid}/fd/${fd}`))
    } catch {
      return false
    }
  })
}
