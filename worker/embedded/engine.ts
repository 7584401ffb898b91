/** A Docker engine to lend from: the machine's own when it runs, and never replaced; else one that Berth starts. */
import { goOn, interrupt, joinEngine } from './dockerd/register.ts'
import { answersPing } from './dockerd/api.ts'

export interface Engine {
  /** Path of its Unix socket. */
  readonly socketPath: string
  /** Whether Berth started it (this process or another that shares it). */
  readonly ours: boolean
  /** Leaves it; an engine of ours that nobody uses any more ends with all that it made. */
  stop(): Promise<void>
}

/** An engine that no one else uses: to be killed. */
export interface LoneEngine extends Engine {
  /** SIGKILL to the engine; containers live on. */
  kill(): Promise<void>
  /** Ends it in good order, which stops its containers. */
  shutDown(): Promise<void>
  /** Starts it again on what it had. */
  start(): Promise<void>
}

/** Uses the engine of DOCKER_HOST or /var/run/docker.sock; where none answers, root gets one of Berth's own. */
export async function engine(): Promise<Engine> {
  const running = await runningEngine()
  if (running) return { socketPath: running, ours: false, stop: async () => {} }
  assertRoot()
  const { socketPath, leave } = await joinEngine(false)
  return { socketPath, ours: true, stop: leave }
}

/** One for this process alone, whatever else runs. It flushes other engines' firewall chains, so use it by itself. */
export async function loneEngine(): Promise<LoneEngine> {
  assertRoot()
  const { socketPath, name, leave } = await joinEngine(true)
  return {
    socketPath, ours: true, stop: leave,
    kill: () => interrupt(name, 'SIGKILL'), shutDown: () => interrupt(name, 'SIGTERM'), start: () => goOn(name),
  }
}

async function runningEngine(): Promise<string | undefined> {
  const named = process.env['DOCKER_HOST']
  if (named && !named.startsWith('unix://')) {
    throw new Error(`Berth works beside its engine: DOCKER_HOST must be a Unix socket (unix:///…), and it is ${named}.`)
  }
  for (const socketPath of [named?.slice('unix://'.length), '/var/run/docker.sock']) {
    if (socketPath && await answersPing(socketPath)) return socketPath
  }
  if (named) throw new Error(`No Docker engine answers at DOCKER_HOST=${named}: start it, or unset DOCKER_HOST.`)
  return undefined
}

function assertRoot(): void {
  if (process.getuid?.() === 0) return
  throw new Error('No Docker engine runs, and only root can start one: start Docker (sudo systemctl start docker), or run this as root.')
}
