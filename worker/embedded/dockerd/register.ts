/**
 * The machine's register of our engines: who uses which. Two engines in one network flush each other's firewall chains,
 * so that runs side by side share one; the last that leaves stops it. What a crash left over is cleaned at the next join.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { locked as oneAtATime } from '../locked.ts'
import { whenWeDie } from '../tether.ts'
import { answersPing } from './api.ts'
import { removeLeftovers, type Trace } from './leftovers.ts'
import { emptyEngine, endDockerd, isRunning, layOut, socketOf, startDockerd } from './own.ts'

const home = '/run/berth/engines'

interface Entry {
  readonly trace: Trace
  readonly pid: number
  /** Nobody else may join it, since it will be killed and restarted. */
  readonly alone: boolean
}

export interface Membership {
  readonly socketPath: string
  readonly name: string
  leave(): Promise<void>
}

/** Joins our engine that runs, or starts one. When this process dies, a watchdog leaves for it. */
export async function joinEngine(alone: boolean): Promise<Membership> {
  return locked(async () => {
    await sweep()
    const name = (alone ? undefined : await joinable()) ?? await begin(alone)
    const user = `${process.pid}-${Date.now()}`
    mkdirSync(join(home, name, 'users'), { recursive: true })
    writeFileSync(join(home, name, 'users', user), '')
    const spare = whenWeDie([process.execPath, import.meta.filename, name, user])
    return {
      socketPath: socketOf(entry(name)!.trace), name,
      async leave() {
        await locked(() => leave(name, user))
        spare()
      },
    }
  })
}

/** Kills an engine that is ours alone, as a fault does, or ends it in good order. */
export async function interrupt(name: string, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  await endDockerd(entry(name)!.pid, signal)
}

/** Starts it again on what it had. One that panics over that (seen once on 20.10) is started once more, as by a service manager. */
export async function goOn(name: string): Promise<void> {
  const it = entry(name)!
  write(name, { ...it, pid: await startDockerd(it.trace).catch(() => startDockerd(it.trace)) })
}

function entry(name: string): Entry | undefined {
  const file = join(home, name, 'entry.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) as Entry : undefined
}

function write(name: string, it: Entry): void {
  mkdirSync(join(home, name), { recursive: true, mode: 0o700 })
  writeFileSync(join(home, name, 'entry.json'), JSON.stringify(it), { mode: 0o600 })
}

const names = () => existsSync(home) ? readdirSync(home).filter((name) => entry(name)) : []

async function joinable(): Promise<string | undefined> {
  for (const name of names()) {
    const it = entry(name)!
    if (!it.alone && isRunning(it.pid) && await answersPing(socketOf(it.trace))) return name
  }
  return undefined
}

async function begin(alone: boolean): Promise<string> {
  const trace = layOut()
  const name = basename(trace.dir)
  // Written before it starts, so that a crash in between leaves a trace.
  write(name, { trace, pid: 0, alone })
  try {
    write(name, { trace, alone, pid: await startDockerd(trace) })
    return name
  } catch (error) {
    await end(name)
    throw error
  }
}

async function leave(name: string, user: string): Promise<void> {
  rmSync(join(home, name, 'users', user), { force: true })
  if (entry(name) && !users(name).length) await end(name)
}

/** Whose process lives. */
function users(name: string): string[] {
  const folder = join(home, name, 'users')
  return existsSync(folder) ? readdirSync(folder).filter((user) => existsSync(`/proc/${user.split('-')[0]}`)) : []
}

async function end(name: string): Promise<void> {
  const { pid, trace } = entry(name)!
  if (pid && isRunning(pid)) {
    await emptyEngine(socketOf(trace)).catch(() => {})
    await endDockerd(pid)
  }
  await removeLeftovers(trace)
  rmSync(join(home, name), { recursive: true, force: true })
}

/** Ends engines that nobody uses any more. */
async function sweep(): Promise<void> {
  for (const name of names()) if (!users(name).length) await end(name)
}

async function locked<T>(act: () => Promise<T>): Promise<T> {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  return oneAtATime(join(home, 'lock'), act)
}

// As the watchdog's command: leaves for a process that died.
if (process.argv[1] === import.meta.filename) {
  const [name, user] = process.argv.slice(2) as [string, string]
  await locked(() => leave(name, user))
}
