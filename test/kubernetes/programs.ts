/** Starts the programs of a cluster: each is a process of ours that dies with us at once. */
import { join } from 'node:path'
import { tether, type Tether } from '../../worker/embedded/tether.ts'
import { runServer, type Server, type ServerSpec } from '../../worker/embedded/server.ts'

export type Program = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kubelet' | 'kube-proxy' | 'kwok'

/** More flags for a program, by its name. */
export type MoreFlags = Readonly<Partial<Record<Program, readonly string[]>>>

/** Where a cluster's programs come from and what they write. */
export interface Bench {
  /** Folder of the cluster; the path stands in every command line, by which what a crash left over is found. */
  readonly dir: string
  /** The binary that holds them all. */
  readonly kube: string
  readonly flags: MoreFlags
  /** All that was started, latest last. */
  readonly started: { kill(): Promise<void> }[]
}

/** What stands before a command so that it runs elsewhere: in a node's namespaces. */
export type Prefix = readonly string[]

export async function start(bench: Bench, program: Program, { flags, within = [] }: { flags: readonly string[]; within?: Prefix }): Promise<Tether> {
  return tethered(bench, program, [...within, bench.kube, program, ...flags, ...bench.flags[program] ?? []])
}

/** Any other command, with a log of that name. */
export async function tethered(bench: Bench, name: string, [command, ...args]: readonly string[]): Promise<Tether> {
  const it = await tether(command!, args, { log: logOf(bench, name), graceMs: 0, env: ownEnvironment() })
  bench.started.push(it)
  return it
}

/** One that can be killed and started again on what it had. */
export async function serve(
  bench: Bench, program: Program, { flags, port, ready }: { flags: readonly string[] } & Pick<ServerSpec, 'port' | 'ready'>,
): Promise<Server> {
  const it = await runServer({
    what: program, command: bench.kube, args: [program, ...flags, ...bench.flags[program] ?? []], port, ready, withinMs: 60_000,
    log: logOf(bench, program), graceMs: 0, env: ownEnvironment(),
  })
  bench.started.push(it)
  return it
}

const logOf = (bench: Bench, name: string): string => join(bench.dir, `${name}.log`)

/** Ours, without what would send the programs elsewhere: a proxy knows nothing of a node's network. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(KUBECONFIG|KUBERNETES_.*|(https?|all|no)_proxy)$/i.test(name)))
}
