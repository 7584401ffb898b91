/** The first process of a container on this machine, by the container's id: its cgroup bears it, whoever runs it. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Kernel, thisKernel } from './cgroup.ts'

/** How deep a runtime puts the group of a container: kubepods.slice/kubepods-burstable.slice/pod<uid>.slice/<id>.scope. */
const deepest = 7
/** Most containers that are asked for may be elsewhere: all that are here are looked up at once, and seldom. */
const againMs = 30_000

/** Answers undefined for a container that is not on this machine, or was not there in the last half minute. */
export function createFinder({ cgroup }: Kernel = thisKernel, now: () => number = () => performance.now()): (id: string) => number | undefined {
  let groups = new Map<string, string>(), at = -Infinity
  return (id) => {
    if (!groups.has(id) && now() - at >= againMs) {
      groups = groupsIn(rootOf(cgroup))
      at = now()
    }
    const group = groups.get(id), pid = group === undefined ? undefined : firstOf(join(group, 'cgroup.procs'))
    if (pid === undefined) groups.delete(id)
    return pid
  }
}

/** Version 1 has a tree for each controller, all alike; version 2 has one. */
const rootOf = (cgroup: string): string =>
  ['cpuacct', 'cpu,cpuacct', 'unified'].map((name) => join(cgroup, name)).find((path) => existsSync(path)) ?? cgroup

function groupsIn(root: string): Map<string, string> {
  const found = new Map<string, string>()
  const walk = (folder: string, depth: number): void => {
    for (const name of foldersIn(folder)) {
      const [id] = /[0-9a-f]{64}/.exec(name) ?? []
      if (id !== undefined) found.set(id, join(folder, name))
      else if (depth < deepest) walk(join(folder, name), depth + 1)
    }
  }
  walk(root, 1)
  return found
}

function foldersIn(path: string): string[] {
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
