/** Free ports on loopback. */
import { createSocket } from 'node:dgram'
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
