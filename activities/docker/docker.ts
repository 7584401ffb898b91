/** `Runtime` on one Docker engine. */
import type { Eyes, Runtime } from '../../workflows/ports.ts'
import type { Marks } from '../mark.ts'
import { connect, type EngineAddress } from './client.ts'
import type { Engine } from './engine.ts'
import { eyesOf } from './glimpse.ts'
import { raise, raze, whyNoWall } from './iptables.ts'
import { list, removeOwned } from './list.ts'
import { logs } from './logs.ts'
import { look } from './look.ts'
import { createNetworks } from './network.ts'
import { pauseContainer } from './pause.ts'
import { readiness } from './ready.ts'
import { remove } from './remove.ts'
import { resume } from './resume.ts'
import { start } from './start.ts'
import { decideWall } from './wall.ts'

export interface DockerOptions {
  readonly engine: EngineAddress
  readonly marks: Marks
  /** The host's name: part of every mark. */
  readonly host: string
  /** Host ports are bound on it; default every address. */
  readonly address?: string
  /** IPv4 range that the accounts' networks are cut from; a /16 is room for 4,096. No other instance may use it. */
  readonly range: string
  /** What leases must not reach besides the host, metadata and each other: where Berth and its parts listen. */
  readonly control: readonly string[]
  /** Nameservers for leases, reachable at port 53 also behind the wall; default is the engine's choice. */
  readonly dns?: readonly string[]
  /** `none` lends without a wall, where it cannot stand (a remote engine, no root) and somebody answers for it. */
  readonly wall?: 'iptables' | 'none'
  /** Processes and threads per container; default 256. */
  readonly pids?: number
  /** docker-init as PID 1; default where the engine has it. */
  readonly init?: boolean
  /** Default 20 s. */
  readonly listenMs?: number
  /** Default 300 ms. */
  readonly settleMs?: number
  /** Default 10 s before a pause kills, 2 s before a removal does. */
  readonly graceMs?: { readonly pause: number; readonly remove: number }
  /** Default 60 s. */
  readonly pullSilenceMs?: number
}

export interface DockerRuntime extends Runtime {
  /** For the watch of this host. */
  readonly eyes: Eyes
  /** Reaches the engine and raises the wall: a host role does so before it offers its engine. */
  prepare(): Promise<void>
  /** Takes this instance's wall down, when it lends nothing here any more. */
  unwall(): Promise<void>
  /** Lets go of idle connections. */
  close(): void
}

/** Throws when the wall cannot stand here and was not waived. */
export function createDocker(options: DockerOptions): DockerRuntime {
  const { marks, host, range, control, address = '0.0.0.0', dns = [] } = options
  const local = 'socketPath' in options.engine, walled = options.wall !== 'none'
  const why = local ? whyNoWall() : 'the engine is on another machine'
  if (walled && why) throw new Error(`The wall around leases cannot stand here: ${why}. Only wall: 'none' lends without it.`)
  const wall = decideWall({ instance: marks.instance, range, control, address, dns })
  const client = connect(options.engine)
  const networks = createNetworks({ client, marks, host, range })
  const ready = readiness({ client, raise: () => walled ? raise(wall) : Promise.resolve(), init: options.init })
  client.onLost(() => networks.forget())
  const engine: Engine = {
    client, marks, host, address, networks, dns, ready,
    probe: local ? 'inside' : 'published',
    pids: options.pids ?? 256,
    listenMs: options.listenMs ?? 20_000,
    settleMs: options.settleMs ?? 300,
    graceMs: options.graceMs ?? { pause: 10_000, remove: 2_000 },
    pullSilenceMs: options.pullSilenceMs ?? 60_000,
  }
  return {
    eyes: eyesOf(engine),
    start: (order, signs) => start(engine, order, signs),
    pause: (it) => pauseContainer(engine, it),
    resume: (order, signs) => resume(engine, order, signs),
    remove: (it) => remove(engine, it),
    look: (it) => look(engine, it),
    logs: (it, lines) => logs(engine, it, lines),
    list: () => list(engine),
    removeOwned: (owned) => removeOwned(engine, owned),
    async capacity() {
      const { cpu, memory } = await ready()
      return { cpu, memory }
    },
    prepare: async () => void await ready(),
    unwall: () => raze(wall),
    close: () => client.close(),
  }
}
