/** The cgroup that takes all pods of a node: one folder, or with version 1 one per controller. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const mount = '/sys/fs/cgroup'

/** Makes it; kubelet takes none that is not there. */
export function makeRoot(name: string): void {
  const controllers = join(mount, 'cgroup.controllers')
  if (existsSync(controllers)) passOn(readFileSync(controllers, 'utf8').trim().split(' '))
  for (const root of roots()) {
    mkdirSync(join(root, name), { recursive: true })
    inherit(root, name)
  }
}

/** Version 2 gives a controller to the cgroups below only when it is told to. */
function passOn(controllers: readonly string[]): void {
  for (const controller of controllers) {
    try {
      writeFileSync(join(mount, 'cgroup.subtree_control'), `+${controller}`)
    } catch {
      // Kubelet says which one it misses.
    }
  }
}

/** A new cpuset of version 1 is empty, and takes no process. */
function inherit(root: string, name: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const own = join(root, name, file)
    if (existsSync(join(root, 'tasks')) && existsSync(own)) writeFileSync(own, readFileSync(join(root, file)))
  }
}

/** Removes it with all below, as far as no process is in it; says whether it is gone. */
export function removeRoot(name: string): boolean {
  const own = roots().map((root) => join(root, name)).filter((folder) => existsSync(folder))
  own.forEach(removeTree)
  return !own.some((folder) => existsSync(folder))
}

function removeTree(folder: string): void {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) removeTree(join(folder, entry.name))
    rmdirSync(folder)
  } catch {
    // Somebody is still there, or it is gone already.
  }
}

/** Version 2 has one hierarchy; version 1 one per controller, and links among them. */
function roots(): string[] {
  if (existsSync(join(mount, 'cgroup.controllers'))) return [mount]
  return readdirSync(mount, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => join(mount, name))
}
