/** An engine that only remembers: the world below `memoryRuntime`, with the hands that tests need on it. */
import type { Berthing, Owned, StartOrder } from '../../workflows/ports.ts'

/** What containers of an image do when they are started. */
export type MemoryImage = 'runs' | 'exits' | 'silent' | 'badCommand'

export interface MemoryContainer {
  readonly name: string
  /** Undefined on a foreign one. */
  readonly instance?: string
  readonly order: StartOrder
  readonly createdAt: number
  state: 'running' | 'stopped'
  id: string
  pid: number
  startedAt: number
  exitCode: number
  outOfMemory: boolean
  readonly lines: string[]
  /** How often it was started. */
  starts: number
  /** Where its ports really are, when somebody moved them. */
  published?: readonly number[]
  /** What became of the one before, when the engine itself put another in its place. */
  former?: string
}

export interface MemoryNetwork {
  readonly name: string
  readonly instance: string
  readonly member: string
  readonly createdAt: number
}

export interface MemoryVolume extends Berthing {
  readonly name: string
  readonly instance: string
  readonly createdAt: number
}

export interface MemoryEngineOptions {
  readonly cpu?: number
  readonly memory?: number
  readonly gpu?: number
  /** Behaviour by reference. Given, any other reference is unknown; absent, every image runs. */
  readonly images?: Readonly<Record<string, MemoryImage>>
}

export class MemoryEngine {
  readonly cpu: number
  readonly memory: number
  readonly gpu: number
  readonly images: Readonly<Record<string, MemoryImage>> | undefined
  readonly containers = new Map<string, MemoryContainer>()
  readonly networks = new Map<string, MemoryNetwork>()
  readonly volumes = new Map<string, MemoryVolume>()
  /** Host ports that a foreign process holds. */
  readonly occupied = new Set<number>()
  /** Set: others use it too, so that nothing new finds room, in these words. */
  noRoom: string | undefined
  /** Set: no call is answered. */
  away = false
  #count = 0

  constructor({ cpu = 64, memory = 2 ** 38, gpu = 0, images }: MemoryEngineOptions = {}) {
    this.cpu = cpu
    this.memory = memory
    this.gpu = gpu
    this.images = images
  }

  create(name: string, instance: string | undefined, order: StartOrder): MemoryContainer {
    const made: MemoryContainer = {
      name, order, createdAt: Date.now(), state: 'stopped', id: '', pid: 0, startedAt: 0, exitCode: 0, outOfMemory: false,
      lines: [], starts: 0, ...(instance !== undefined && { instance }),
    }
    this.containers.set(name, made)
    return made
  }

  run(container: MemoryContainer): void {
    this.#count++
    Object.assign(container, {
      state: 'running', id: `memory-${this.#count}`, pid: 100_000 + this.#count, startedAt: Date.now(), exitCode: 0,
      outOfMemory: false, starts: container.starts + 1,
    } satisfies Partial<MemoryContainer>)
  }

  stop(container: MemoryContainer, exitCode: number, outOfMemory = false): void {
    Object.assign(container, { state: 'stopped', pid: 0, exitCode, outOfMemory } satisfies Partial<MemoryContainer>)
  }

  /** Ports of `wanted` that something else holds now. */
  held(wanted: readonly number[], by: string): number[] {
    const taken = new Set(this.occupied)
    for (const { name, state, order } of this.containers.values()) {
      if (name !== by && state === 'running') for (const port of order.hostPorts) taken.add(port)
    }
    return wanted.filter((port) => taken.has(port))
  }

  /** The container dies by itself, or by the kernel for its memory. */
  die(it: Pick<Berthing, 'key'>, exitCode = 1, outOfMemory = false): void {
    for (const container of this.of(it)) this.stop(container, exitCode, outOfMemory)
  }

  /** The engine takes it away, as a cluster does, and runs another in its place. */
  replace(it: Pick<Berthing, 'key'>, why: string): void {
    for (const container of this.of(it)) {
      this.run(container)
      container.former = why
    }
  }

  /** Somebody removes it behind our back. */
  vanish(it: Pick<Berthing, 'key'>): void {
    for (const { name } of this.of(it)) this.containers.delete(name)
  }

  /** A volume of a placement is there, as something other than a lease may make one. */
  leave(name: string, instance: string, it: Berthing): void {
    this.volumes.set(name, { name, instance, key: it.key, number: it.number, member: it.member, createdAt: Date.now() })
  }

  /** The engine restarts: everything that ran has stopped. */
  restart(): void {
    for (const container of this.containers.values()) if (container.state === 'running') this.stop(container, 137)
  }

  /** Every container of a lease, of whatever placement number. */
  of({ key }: Pick<Berthing, 'key'>): MemoryContainer[] {
    return [...this.containers.values()].filter((container) => container.order.key === key)
  }
}

export const ownedContainer = ({ name, order, state, createdAt }: MemoryContainer): Owned => ({
  what: 'container', object: name, key: order.key, number: order.number, member: order.member, createdAt,
  running: state === 'running', hostPorts: order.hostPorts,
})

export const ownedVolume = ({ name, key, number, member, createdAt }: MemoryVolume): Owned =>
  ({ what: 'volume', object: name, key, number, member, createdAt, running: false, hostPorts: [] })
