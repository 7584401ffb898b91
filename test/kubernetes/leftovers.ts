/** Takes away all that a cluster leaves behind, however it ended; each step does without what is not there. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { need } from '../../worker/embedded/find.ts'
import { removeRoot } from './node/cgroups.ts'

const prefix = 'berth-cluster-'

/** What has to be known to clean up after a cluster; it lies in the cluster's folder before anything is started. */
export interface Trace {
  readonly owner: Owner
  /** This machine's end of the link to a node. */
  readonly link: string
  /** That takes the pods of a node. */
  readonly cgroup: string
}

interface Owner {
  readonly pid: number
  /** Of its start, in ticks since the machine's: a pid may be given again. */
  readonly since: string
  /** Its pid namespace: what goes on in another cannot be told. */
  readonly space: string
}

/** A fresh folder in `parent`, with its trace. The link's name is short, for it may have 15 characters. */
export function layOut(parent: string): { dir: string; trace: Trace } {
  const dir = mkdtempSync(join(parent, prefix)), id = dir.slice(-6)
  const trace: Trace = { owner: { pid: process.pid, since: startOf(process.pid), space: space() }, link: `berth${id}`, cgroup: `berth-${id}` }
  writeFileSync(join(dir, 'trace.json'), JSON.stringify(trace))
  return { dir, trace }
}

/** What a cluster in the machine's temporary folder left over whose owner is dead, and whose watchdog as well. */
export async function sweep(): Promise<void> {
  const folders = readdirSync(tmpdir()).filter((name) => name.startsWith(prefix)).map((name) => join(tmpdir(), name))
  await Promise.all(folders.filter((dir) => {
    const owner = traceOf(dir)?.owner
    return owner && owner.space === space() && startOf(owner.pid) !== owner.since
  }).map(removeLeftovers))
}

export async function removeLeftovers(dir: string): Promise<void> {
  const trace = traceOf(dir)
  await killAll(dir)
  if (trace && existsSync(`/sys/class/net/${trace.link}`)) quietly(need('ip', 'iproute2'), ['link', 'del', trace.link])
  // What the kernel still tears down holds its cgroup for a moment.
  for (const deadline = Date.now() + 10_000; trace && !removeRoot(trace.cgroup) && Date.now() < deadline;) await pause(20)
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}

/** Kills every program of ours that has this folder in its command line. */
async function killAll(dir: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const pids = processesOf(dir)
    if (!pids.length) return
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It ended by itself.
      }
    }
    await pause(50)
  }
}

function processesOf(dir: string): number[] {
  if (!existsSync('/proc')) return []
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).map(Number).filter((pid) => {
    const [program = '', ...words] = read(`/proc/${pid}/cmdline`).split('\0')
    return ['kube', 'unshare', 'nsenter', 'containerd'].includes(basename(program)) && words.some((word) => word.includes(dir))
      && !/\) Z /.test(read(`/proc/${pid}/stat`))
  })
}

function traceOf(dir: string): Trace | undefined {
  const text = read(join(dir, 'trace.json'))
  return text ? JSON.parse(text) as Trace : undefined
}

/** The 22nd field of its stat; the second, a name in brackets, may hold blanks. Empty for one that is gone. */
function startOf(pid: number): string {
  return read(`/proc/${pid}/stat`).split(') ').at(-1)!.split(' ')[19] ?? ''
}

function space(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function quietly(command: string, args: readonly string[]): void {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
  } catch {
    // It is gone already.
  }
}

// As the watchdog's command: for a process that died.
if (process.argv[1] === import.meta.filename) await removeLeftovers(process.argv[2]!)
