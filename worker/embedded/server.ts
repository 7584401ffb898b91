/** A server of ours that can be stopped, killed, frozen and started again on what it had. */
import { ownsPort } from './port.ts'
import { tether, untilReady, type TetherOptions } from './tether.ts'

export interface Server {
  /** Of the process that runs now, or ran last. */
  readonly pid: number
  /** SIGTERM, then SIGKILL; resolves when it is gone. */
  stop(): Promise<void>
  /** SIGKILL, as a fault does it. */
  kill(): Promise<void>
  /** After `stop` or `kill`: the same port, the same files; resolves when it is ready. */
  start(): Promise<void>
  /** SIGSTOP: its port accepts, and nothing answers. */
  freeze(): void
  thaw(): void
}

export interface ServerSpec extends TetherOptions {
  /** For messages: 'The nameserver (Knot)'. */
  readonly what: string
  readonly command: string
  readonly args: readonly string[]
  /** On loopback; it must be this process that listens there. */
  readonly port: number
  /** Asked once it listens; a failure counts as no. */
  ready(): Promise<boolean>
  readonly withinMs?: number
}

/** Starts it and returns when it is ready. It dies with this process. */
export async function runServer(spec: ServerSpec): Promise<Server> {
  const begin = async () => {
    const it = await tether(spec.command, spec.args, spec)
    await untilReady(spec.what, it, async () => ownsPort(it.pid, spec.port) && spec.ready(), spec.withinMs)
    return it
  }
  let it = await begin()
  return {
    get pid() { return it.pid },
    stop: () => it.stop(),
    kill: () => it.kill(),
    async start() {
      if (!it.isAlive()) it = await begin()
    },
    freeze: () => it.freeze(),
    thaw: () => it.thaw(),
  }
}
