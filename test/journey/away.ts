/** A door to a Unix socket that can be shut: an engine that is away for one Berth, while others use it. */
import { rmSync } from 'node:fs'
import { type Socket, connect, createServer } from 'node:net'

export interface SocketDoor {
  readonly path: string
  /** Connections break, and none is taken. */
  shut(): Promise<void>
  open(): Promise<void>
  stop(): Promise<void>
}

export async function socketDoor(path: string, behind: string): Promise<SocketDoor> {
  const open = new Set<Socket>()
  const server = createServer((front) => {
    const back = connect(behind)
    for (const [one, two] of [[front, back], [back, front]] as const) {
      open.add(one)
      one.pipe(two)
      one.on('error', () => {}).on('close', () => {
        open.delete(one)
        two.destroy()
      })
    }
  })
  const listen = () => new Promise<void>((done, fail) => server.once('error', fail).listen(path, done))
  const shut = async () => {
    if (!server.listening) return
    const closed = new Promise<void>((done) => server.close(() => done()))
    for (const one of open) one.destroy()
    await closed
    rmSync(path, { force: true })
  }
  await listen()
  return { path, shut, open: listen, stop: shut }
}
