/**
 * The node's own pid, mount and network namespaces. One process holds them: its end takes containers, mounts, rules and
 * routes along, however it ended. Only cgroups outlive it.
 */
import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { find, need } from '../../../worker/embedded/find.ts'
import { untilReady } from '../../../worker/embedded/tether.ts'
import { tethered, type Bench, type Prefix } from '../programs.ts'
import type { Addresses } from './addresses.ts'

const run = promisify(execFile)

export interface Namespaces {
  /** Stands before a command that runs in them. */
  readonly within: Prefix
  /** Runs a command there and returns what it printed. */
  run(command: readonly string[]): Promise<string>
}

/** Folders that programs expect at fixed places: on the node they are empty, and in memory. */
const ownFolders = ['/run/containerd', '/var/lib/cni', '/var/log/containers', '/var/lib/kubelet']

/** Makes them, with a link to this machine and routes to the pods and Services. `link` is the name of this machine's end. */
export async function makeNamespaces(bench: Bench, { link, addresses }: { link: string; addresses: Addresses }): Promise<Namespaces> {
  // A shell as process 1 collects the orphans of containerd; Node would leave them as zombies.
  const holder = await tethered(bench, 'node', [need('unshare', 'util-linux'), '--fork', '--kill-child', '--pid', '--mount', '--mount-proc', '--net',
    '/bin/sh', '-c', 'while :; do sleep 2147483647 & wait $!; done', 'berth-node', bench.dir])
  const of = (what: string) => `/proc/${holder.pid}/ns/${what}`
  const own = await readlink('/proc/self/ns/net')
  await untilReady('The node’s namespaces', holder, async () => (
    await readlink(of('net')) !== own && await readlink(of('pid_for_children')) !== await readlink('/proc/self/ns/pid')))
  const within = [need('nsenter', 'util-linux'), `--mount=${of('mnt')}`, `--net=${of('net')}`, `--pid=${of('pid_for_children')}`, '--']
  const there = async (command: readonly string[]) => (await run(within[0]!, [...within.slice(1), ...command])).stdout
  // The first process must be there before another may join it, and has mounted its own /proc then.
  await untilReady('The node’s namespaces', holder, async () => (await there(['readlink', '/proc/self'])).trim() !== '')
  await Promise.all([mountFolders(bench, there), connect({ link, addresses, pid: holder.pid }, there)])
  return { within, run: there }
}

type Run = (command: readonly string[]) => Promise<unknown>

async function mountFolders({ dir }: Bench, there: Run): Promise<void> {
  for (const folder of ownFolders) mkdirSync(folder, { recursive: true })
  for (const folder of ownFolders) await there(['mount', '-t', 'tmpfs', 'tmpfs', folder])
  // So that the paths of kubelet's sockets are short, whatever our folder is called.
  const kubelet = join(dir, 'kubelet')
  mkdirSync(kubelet)
  await there(['mount', '--bind', kubelet, '/var/lib/kubelet'])
}

async function connect({ link, addresses, pid }: { link: string; addresses: Addresses; pid: number }, there: Run): Promise<void> {
  const ip = need('ip', 'iproute2')
  const here = (...args: string[]) => run(ip, args)
  await here('link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid))
  await here('addr', 'add', `${addresses.host}/30`, 'dev', link)
  await here('link', 'set', link, 'up')
  await there([ip, 'link', 'set', 'lo', 'up'])
  await there([ip, 'addr', 'add', `${addresses.node}/30`, 'dev', 'eth0'])
  await there([ip, 'link', 'set', 'eth0', 'up'])
  await there([ip, 'route', 'add', 'default', 'via', addresses.host])
  for (const network of [addresses.pods, addresses.services]) await here('route', 'add', network, 'via', addresses.node, 'dev', link)
  const sysctl = find('sysctl') ?? 'sysctl'
  await there([sysctl, '-qw', 'net.ipv4.ip_forward=1'])
  // Only where the bridge's module is there.
  await there([sysctl, '-qw', 'net.bridge.bridge-nf-call-iptables=1']).catch(() => {})
}
