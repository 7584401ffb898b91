/** Takes away all that an engine of ours leaves behind, however it ended; each step does without what is not there. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { find, need } from '../find.ts'
import { cleanFirewall, type Firewall } from './firewall.ts'

/** What has to be known to clean up after an engine. */
export interface Trace {
  readonly dir: string
  readonly bridge: string
  readonly network: string
  readonly firewall: Firewall
  /** `/proc/sys/net/ipv4/ip_forward` before the engine turned it on. */
  readonly forward: string
}

const forwardFile = '/proc/sys/net/ipv4/ip_forward'
export const readForward = (): string => readFileSync(forwardFile, 'utf8').trim()

/** What engines share goes back to what it was as well, unless another engine runs on this machine. */
export async function removeLeftovers(trace: Trace): Promise<void> {
  const containers = list(join(trace.dir, 'data/containers'))
  await killAll([trace.dir, ...containers])
  const { bridges, networks } = partsOf(trace)
  for (const bridge of bridges) quietly(need('ip', 'iproute2'), ['link', 'del', bridge])
  const others = list('/proc').some((pid) => /^\d+$/.test(pid) && read(`/proc/${pid}/comm`).trim() === 'dockerd' && !isZombie(pid))
  cleanFirewall({ bridges, networks, before: trace.firewall, others })
  if (!others && trace.forward === '0') writeFileSync(forwardFile, '0')
  for (const mount of mountsBelow(trace.dir)) quietly(find('umount') ?? 'umount', ['-l', mount])
  for (const container of containers) removeCgroups(container)
  rmSync(trace.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
}

/** Kills whatever has one of these in its command line or its cgroup: containerd, shims, and what ran in containers. */
async function killAll(marks: readonly string[]): Promise<void> {
  const living = () => list('/proc').filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid && marks.some((mark) => {
    const [command, cgroup] = [read(`/proc/${pid}/cmdline`).split('\0'), read(`/proc/${pid}/cgroup`)]
    const engines = /(dockerd|containerd|containerd-shim-runc-v2|runc|docker-proxy)$/.test(command[0] ?? '')
    return (engines && command.some((word) => word.includes(mark))) || (mark.length === 64 && cgroup.includes(mark))
  }) && !isZombie(pid))
  for (let tries = 0; tries < 50; tries++) {
    const pids = living()
    if (!pids.length) return
    for (const pid of pids) {
      try {
        process.kill(Number(pid), 'SIGKILL')
      } catch {
        // It ended by itself.
      }
    }
    await pause(100)
  }
}

const isZombie = (pid: string) => /\) Z /.test(read(`/proc/${pid}/stat`))

/** An engine's bridges and networks: its own, and those of networks that were made on it. */
export function partsOf(trace: Trace): { bridges: string[]; networks: string[] } {
  const bridges = [trace.bridge, ...networkBridges(trace.dir)]
  return { bridges, networks: [trace.network, ...bridges.flatMap(networkOf)] }
}

/** Bridges of networks that members' accounts had, from the engine's own store. */
function networkBridges(dir: string): string[] {
  const store = read(join(dir, 'data/network/files/local-kv.db'), 'latin1')
  const bridges = [...store.matchAll(/"BridgeName":"([\w.-]{1,15})"/g)].map((match) => match[1]!)
  return [...new Set(bridges)].filter((bridge) => bridge.startsWith('br-'))
}

function networkOf(bridge: string): string[] {
  return quietly(need('ip', 'iproute2'), ['-o', '-4', 'addr', 'show', 'dev', bridge]).match(/\d+\.\d+\.\d+\.\d+\/\d+/g) ?? []
}

/** Deepest first. */
export function mountsBelow(dir: string): string[] {
  return read('/proc/self/mountinfo').split('\n').map((line) => line.split(' ')[4] ?? '')
    .filter((mount) => mount.startsWith(`${dir}/`)).reverse()
}

/** Empty cgroups of a container that nobody ended in the engine's own way; v1 has one per controller. */
function removeCgroups(container: string): void {
  const root = '/sys/fs/cgroup'
  for (const controller of ['.', ...list(root)]) {
    for (const path of [`docker/${container}`, `system.slice/docker-${container}.scope`]) {
      try {
        rmdirSync(join(root, controller, path))
      } catch {
        // Not there, or not a controller.
      }
    }
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function read(file: string, encoding: BufferEncoding = 'utf8'): string {
  try {
    return readFileSync(file, encoding)
  } catch {
    return ''
  }
}

function quietly(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return ''
  }
}
