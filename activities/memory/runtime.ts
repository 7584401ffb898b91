/** `Runtime` in memory: the same promises as on Docker, without an engine. For tests, bench and trying things out. */
import {
  CannotRun, NoRoom, PortTaken, type Berthing, type Owned, type Runtime, type Sight, type StartOrder,
} from '../../workflows/ports.ts'
import { MemoryEngine, ownedContainer, ownedVolume, type MemoryContainer, type MemoryEngineOptions } from './engine.ts'
import { Faults } from './faults.ts'

export interface MemoryRuntimeOptions extends MemoryEngineOptions {
  readonly instance?: string
  /** Several runtimes may share one engine: two workers of a host, a worker that was started again, two instances. */
  readonly engine?: MemoryEngine
  readonly random?: () => number
}

export interface MemoryRuntime extends Runtime {
  readonly engine: MemoryEngine
  readonly faults: Faults<keyof Runtime>
}

/** Engines refuse less (dockerd 20.10). */
const leastMemory = 6 * 2 ** 20

export function memoryRuntime(options: MemoryRuntimeOptions = {}): MemoryRuntime {
  const { instance = 'memory', engine = new MemoryEngine(options) } = options
  const faults = new Faults<keyof Runtime>(options.random)
  const nameOf = ({ key, number }: Pick<Berthing, 'key' | 'number'>) => `berth-${instance}-${key}-${number}`
  const networkOf = (member: string) => `berth-${instance}-${member}`

  function call<T>(verb: keyof Runtime, signal: AbortSignal | undefined, work: () => T): Promise<T> {
    return faults.around(verb, signal, () => {
      if (engine.away) throw new Error('The engine does not answer.')
      return work()
    })
  }

  function find(it: Pick<Berthing, 'key' | 'number'>): MemoryContainer | undefined {
    const found = engine.containers.get(nameOf(it))
    return found?.instance === instance ? found : undefined
  }

  function assertFits({ spec }: StartOrder): void {
    if (spec.memory < leastMemory || spec.memory > engine.memory || spec.cpu > engine.cpu || (spec.gpu ?? 0) > engine.gpu) {
      throw new CannotRun('tooBig', `This host lends 6 MiB to ${engine.memory} bytes, up to ${engine.cpu} cpu and ${engine.gpu} GPUs.`)
    }
    if (engine.images && !(spec.reference in engine.images)) {
      throw new CannotRun('unknownImage', `There is no image ${spec.reference}.`)
    }
  }

  /** Throws before anything runs; what was created for it is the caller's to remove. */
  function assertStarts(container: MemoryContainer, { spec, hostPorts }: StartOrder): void {
    if (engine.noRoom !== undefined) throw new NoRoom(engine.noRoom)
    const taken = engine.held(hostPorts, container.name)
    if (taken.length > 0) throw new PortTaken(taken, `Host port ${taken.join(', ')} is taken.`)
    const does = engine.images?.[spec.reference] ?? 'runs'
    if (does === 'badCommand') throw new CannotRun('badCommand', 'The command cannot be started.')
    if (does === 'exits') throw new CannotRun('exitedAtOnce', 'The container exited at once with code 1: no reason given')
    if (does === 'silent' && spec.ports.length > 0) {
      throw new CannotRun('notListening', `Nothing listens on port ${spec.ports.join(', ')}.`)
    }
  }

  function startNow(order: StartOrder): Extract<Sight, { is: 'running' }> {
    const before = find(order)
    if (!before) assertFits(order)
    const name = nameOf(order), network = networkOf(order.member)
    if (!before && engine.containers.has(name)) throw new Error(`${name} is not ours.`)
    if (!engine.networks.has(network)) {
      engine.networks.set(network, { name: network, instance, member: order.member, createdAt: Date.now() })
    }
    const container = before ?? engine.create(name, instance, order)
    if (container.state === 'stopped') {
      try {
        assertStarts(container, order)
      } catch (error) {
        if (!before) removeNow(order)
        throw error
      }
      engine.run(container)
    }
    return running(container)
  }

  function removeNow(it: Berthing): readonly string[] {
    const found = find(it)
    engine.containers.delete(found?.name ?? '')
    dropNetwork(it.member)
    return found?.lines.slice(-20) ?? []
  }

  function dropNetwork(member: string): void {
    const used = [...engine.containers.values()].some((other) => other.instance === instance && other.order.member === member)
    if (!used) engine.networks.delete(networkOf(member))
  }

  function dropVolume({ object, key, number }: Owned): void {
    const found = engine.volumes.get(object)
    if (found?.instance === instance && found.key === key && found.number === number) engine.volumes.delete(object)
  }

  function look(it: Berthing): Sight {
    const found = find(it)
    if (!found) return { is: 'absent' }
    if (found.state === 'running') return running(found)
    return { is: 'stopped', exitCode: found.exitCode, outOfMemory: found.outOfMemory, lastLines: found.lines.slice(-20) }
  }

  function list(): Owned[] {
    const containers = [...engine.containers.values()].filter((one) => one.instance === instance).map(ownedContainer)
    const networks = [...engine.networks.values()].filter((one) => one.instance === instance).map((one): Owned => ({
      what: 'network', object: one.name, key: one.member, number: 0, member: one.member, running: true, hostPorts: [],
      createdAt: one.createdAt,
    }))
    const volumes = [...engine.volumes.values()].filter((one) => one.instance === instance).map(ownedVolume)
    return [...containers, ...networks, ...volumes]
  }

  return {
    engine,
    faults,
    start: (order, { signal }) => call('start', signal, () => startNow(order)),
    resume: (order, { signal }) => call('resume', signal, () => startNow(order)),
    pause: (it) => call('pause', undefined, () => {
      const found = find(it)
      if (found?.state === 'running') engine.stop(found, 143)
    }),
    remove: (it) => call('remove', undefined, () => removeNow(it)),
    look: (it) => call('look', undefined, () => look(it)),
    logs: (it, lines) => call('logs', undefined, () => find(it)?.lines.slice(-lines) ?? []),
    list: () => call('list', undefined, list),
    removeOwned: (owned) => call('removeOwned', undefined, () => {
      if (owned.what === 'network') dropNetwork(owned.member)
      else if (owned.what === 'volume') dropVolume(owned)
      else removeNow(owned)
    }),
    capacity: () => call('capacity', undefined, () => ({ cpu: engine.cpu, memory: engine.memory, ...(engine.gpu > 0 && { gpu: engine.gpu }) })),
  }
}

const running = ({ order, startedAt, id, pid }: MemoryContainer): Extract<Sight, { is: 'running' }> =>
  ({ is: 'running', hostPorts: order.hostPorts, startedAt, id, pid })
