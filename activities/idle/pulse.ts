/** `Pulse` by a process beside the engine: reads files of the kernel, never the engine's stats stream. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Beat, Living, Pulse } from '../../workflows/ports.ts'
import { type CpuFile, type Kernel, findCpuFile, readCpu, thisKernel } from './cgroup.ts'
import { sentIn, socketsIn } from './network.ts'
import { type Peers, readPeers } from './peers.ts'
import { terminalAges } from './terminals.ts'

export interface PulseOptions {
  readonly kernel?: Kernel
  readonly readPeers?: (pid: number) => Promise<Peers>
}

/** A container and the process by whose files it is read. */
type Process = Living & { readonly pid: number }

/** Synchronous reads: each is some 20 µs, a fraction of what a turn through the thread pool costs. */
export function createPulse({ kernel = thisKernel, readPeers: ask = readPeers }: PulseOptions = {}): Pulse {
  const files = new Map<string, CpuFile>()
  const { proc } = kernel

  function cpuFileOf(living: Process): CpuFile | undefined {
    const key = `${living.id} ${living.pid}`, known = files.get(key)
    if (known) return known
    const found = findCpuFile(kernel, living)
    if (found) {
      if (files.size > 10_000) files.clear()
      files.set(key, found)
    }
    return found
  }

  function read(living: Process): Beat | 'gone' {
    const of = (name: string) => readFileSync(join(proc, String(living.pid), name), 'utf8')
    const key = `${living.id} ${living.pid}`, problems: string[] = []
    const attempt = <T>(what: string, run: () => T | undefined): T | undefined => {
      try {
        const value = run()
        if (value === undefined) problems.push(what)
        return value
      } catch (error) {
        // The process is gone, or has just become another's.
        if (isGone(error)) throw error
        problems.push(`${what} (${(error as NodeJS.ErrnoException).code ?? String(error)})`)
        return undefined
      }
    }
    try {
      // By the container's id first: where that is there, the process is its own.
      const file = cpuFileOf(living)
      const cpuMs = file ? attempt('cpu', () => readCpu(file)) : attempt('cpu', () => undefined)
      const sent = attempt('its network', () => sentIn(of('net/dev')))
      const sockets = attempt('its connections', () => socketsIn(of('net/sockstat'), optional(() => of('net/sockstat6'))))
      const ages = attempt('its terminals', () => terminalAges(proc, living.pid))
      return {
        ...(cpuMs !== undefined && { cpuMs }), ...(sent !== undefined && { sent }), ...(sockets !== undefined && { sockets }),
        ...(ages && { terminalAges: ages }), ...(problems.length > 0 && { why: `its host cannot read ${problems.join(', ')}` }),
      }
    } catch (error) {
      if (!isGone(error)) throw error
      files.delete(key)
      return 'gone'
    }
  }

  return {
    byProcess: true,
    beat: async ({ id, pid }) => pid === undefined ? { why: noProcess } : read({ id, pid }),
    peers: async ({ pid }) => {
      if (pid === undefined) throw new Error(noProcess)
      return ask(pid)
    },
  }
}

const noProcess = 'its host does not know its process'

const isGone = (error: unknown): boolean => ['ENOENT', 'ESRCH', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')

function optional(read: () => string): string {
  try {
    return read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
