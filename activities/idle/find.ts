/** The first process of a container on this machine, by the container's id: its cgroup bears it. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Kernel, thisKernel } from './cgroup.ts'

/** How deep a runtime puts the group of a container: kubepods/burstable/pod<uid>/<id>. */
const deepest = 5

/** Undefined when no such container is on this machine. */
export function findProcess(id: string, { cgroup }: Kernel = thisKernel): number | undefined {
  for (const root of ['cpuacct', 'cpu,cpuacct', 'unified', '.']) {
    const pods = podsFolders.map((name) => join(cgroup, root, name)).find((path) => existsSync(path))
    const group = pods && findGroup(pods, id, deepest), pid = group && firstOf(join(group, 'cgroup.procs'))
    if (pid) return pid
  }
  return undefined
}

/** As a kubelet that manages groups by itself calls the group of all pods, and as systemd does. */
const podsFolders = ['kubepods', 'kubepods.slice']

function findGroup(folder: string, id: string, depth: number): string | undefined {
  const inside = folders(folder)
  const found = inside.find((name) => name.includes(id))
  if (found !== undefined) return join(folder, found)
  if (depth === 0) return undefined
  for (const name of inside) {
    const deeper = findGroup(join(folder, name), id, depth - 1)
    if (deeper !== undefined) return deeper
  }
  return undefined
}

function folders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).filter((one) => one.isDirectory()).map(({ name }) => name)
  } catch {
    return [] // it went while we looked
  }
}

function firstOf(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
    return pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}
