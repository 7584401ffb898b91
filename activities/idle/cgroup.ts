/** Cpu time of a container from its cgroup: version 1 (cpuacct) and version 2 (cpu.stat; tried on recorded trees alone). */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where the kernel shows itself; tests put a recorded tree there. */
export interface Kernel {
  readonly proc: string
  readonly cgroup: string
}

export const thisKernel: Kernel = { proc: '/proc', cgroup: '/sys/fs/cgroup' }

/** A file that holds the cpu time, and how it is written. */
export interface CpuFile {
  readonly path: string
  readonly as: 'nanoseconds' | 'cpu.stat'
}

/** Undefined when this process has no cpu accounting of its own that we can see, or is not of this container. */
export function findCpuFile({ proc, cgroup }: Kernel, { id, pid }: { readonly id: string; readonly pid: number }): CpuFile | undefined {
  const lines = readFileSync(join(proc, String(pid), 'cgroup'), 'utf8').trim().split('\n').map((line) => {
    const [, controllers = '', ...path] = line.split(':')
    return { controllers: controllers.split(',').filter(Boolean), path: path.join(':') }
  })
  const candidates = lines.flatMap(({ controllers, path }): CpuFile[] => {
    // A path without the id is a group that it shares with others, or another process under an old pid.
    if (!path.includes(id)) return []
    if (controllers.includes('cpuacct')) {
      return [controllers.join(','), 'cpuacct'].map((dir) => ({ path: join(cgroup, dir, path, 'cpuacct.usage'), as: 'nanoseconds' as const }))
    }
    return controllers.length > 0 ? [] : ['', 'unified'].map((dir) => ({ path: join(cgroup, dir, path, 'cpu.stat'), as: 'cpu.stat' as const }))
  })
  // Version 1 first: where both are mounted, its controllers are the ones in use.
  return candidates.sort((a, b) => rank(a) - rank(b)).find(({ path }) => existsSync(path))
}

const rank = ({ as }: CpuFile): number => as === 'nanoseconds' ? 0 : 1

/** Milliseconds used so far. Throws when the group is gone; undefined when the file says nothing of it. */
export function readCpu({ path, as }: CpuFile): number | undefined {
  const text = readFileSync(path, 'utf8')
  const used = as === 'nanoseconds' ? Number(text) / 1e6 : Number(/^usage_usec (\d+)$/m.exec(text)?.[1] ?? NaN) / 1e3
  return Number.isFinite(used) ? used : undefined
}
