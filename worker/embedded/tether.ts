/**
 * Starts a server that dies with us. A shell holds the other end of a pipe: when our process ends, however it ends (also
 * by kill -9), the pipe closes and the shell stops the server and runs the clean-up it was given.
 */
import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

export interface Tether {
  readonly pid: number
  /** Resolves when the process has ended, however. */
  readonly exited: Promise<void>
  isAlive(): boolean
  /** SIGTERM, then SIGKILL after the grace; resolves when it is gone. */
  stop(): Promise<void>
  /** SIGKILL, as a fault does it; resolves when it is gone. */
  kill(): Promise<void>
  /** SIGSTOP: alive, and answers nothing. */
  freeze(): void
  thaw(): void
  /** The end of what it has written, for messages. */
  lastLines(): string
}

export interface TetherOptions {
  /** File that takes its stdout and stderr. */
  readonly log: string
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** Between SIGTERM and SIGKILL; 10 s when absent. */
  readonly graceMs?: number
  /** A command to run after it is dead, when we died first. */
  readonly afterwards?: readonly string[]
}

// A frozen process takes SIGTERM only once it runs again, hence SIGCONT.
const endIt = `
pid=$1; left=$2; shift 2
kill -TERM "$pid" 2>/dev/null; kill -CONT "$pid" 2>/dev/null
while kill -0 "$pid" 2>/dev/null && [ "$left" -gt 0 ]; do sleep 0.1; left=$((left - 1)); done
kill -KILL -- "-$pid" 2>/dev/null
[ $# -eq 0 ] || "$@"
`

/** Starts `command` with `args` in a process group of its own, so that Ctrl-C reaches us first. */
export async function tether(command: string, args: readonly string[], options: TetherOptions): Promise<Tether> {
  const graceMs = options.graceMs ?? 10_000
  const log = openSync(options.log, 'a', 0o600)
  const child = spawn(command, args, {
    detached: true, stdio: ['ignore', log, log], env: options.env ?? process.env, ...(options.cwd && { cwd: options.cwd }),
  })
  closeSync(log)
  await new Promise<void>((done, fail) => child.once('spawn', done).once('error', fail))
  const pid = child.pid!
  const tenths = String(Math.ceil(graceMs / 100))
  const spare = whenWeDie(['/bin/sh', '-c', endIt, 'berth-end', String(pid), tenths, ...(options.afterwards ?? [])])
  const exited = new Promise<void>((done) => child.once('exit', () => {
    spare()
    done()
  }))
  child.unref()
  const isAlive = () => child.exitCode === null && child.signalCode === null
  const signal = (name: NodeJS.Signals) => { if (isAlive()) child.kill(name) }
  return {
    pid, exited, isAlive,
    async stop() {
      if (!isAlive()) return
      child.ref()
      signal('SIGTERM')
      signal('SIGCONT')
      const timer = setTimeout(() => killGroup(pid), graceMs)
      await exited
      clearTimeout(timer)
    },
    async kill() {
      if (!isAlive()) return
      child.ref()
      killGroup(pid)
      await exited
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    lastLines: () => readFileSync(options.log, 'utf8').trimEnd().split('\n').slice(-8).join('\n'),
  }
}

/** Has a command run when our process ends, however it ends; the answer calls it off. */
export function whenWeDie(command: readonly string[]): () => void {
  const dog = spawn('/bin/sh', ['-c', 'read -r _; exec "$@"', 'berth-watchdog', ...command],
    { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  dog.on('error', () => {})
  dog.unref()
  ;(dog.stdin as unknown as { unref(): void }).unref()
  return () => { dog.kill('SIGKILL') }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}

/**
 * Asks until `ready` answers true. Fails with the server's last lines when it dies or does not get ready in time: a
 * server that lost its port to another must not be taken for that other.
 */
export async function untilReady(what: string, it: Tether, ready: () => Promise<boolean>, withinMs = 30_000): Promise<void> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const yes = await ready().catch(() => false)
    if (!it.isAlive()) throw new Error(`${what} ended before it was ready:\n${it.lastLines()}`)
    if (yes) return
    if (Date.now() > deadline) {
      await it.kill()
      throw new Error(`${what} was not ready within ${withinMs / 1000} s:\n${it.lastLines()}`)
    }
    await new Promise((done) => setTimeout(done, 50))
  }
}
