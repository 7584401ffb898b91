/** What a watch sees and feels of `memoryRuntime`: its containers are as busy as a test says. */
import type { Beat, Eyes, Glimpse, Pulse } from '../../workflows/ports.ts'
import { ownedContainer } from './engine.ts'
import type { MemoryRuntime } from './runtime.ts'

/** Counts calls, so that a test sees that a watch looks at all. */
export interface MemoryEyes extends Eyes {
  looks: number
  /** Where its host ports are reached; absent: that never changes. */
  reachedAt?: readonly string[]
  /** Somebody changed something: look now. */
  hint(): void
  /** The engine drops its stream of events. */
  drop(): void
}

export function memoryEyes({ engine, look, list }: MemoryRuntime): MemoryEyes {
  const hearers = new Set<() => void>(), droppers = new Set<() => void>()
  const eyes: MemoryEyes = {
    looks: 0,
    addresses: () => Promise.resolve(eyes.reachedAt ?? []),
    hint: () => hearers.forEach((hear) => hear()),
    drop: () => droppers.forEach((drop) => drop()),
    look,
    async glimpse() {
      const owned = new Set((await list()).map(({ object }) => object))
      eyes.looks++
      return [...engine.containers.values()].filter(({ name }) => owned.has(name)).map((container): Glimpse => ({
        ...ownedContainer(container), id: container.id, state: container.starts === 0 ? 'starting' : container.state,
        ...(container.former !== undefined && { former: container.former }),
        ...(container.published && container.state === 'running' && { published: container.published }),
      }))
    },
    hints: (hint, signal) => new Promise((done) => {
      const end = () => {
        hearers.delete(hint)
        droppers.delete(end)
        done()
      }
      hearers.add(hint)
      droppers.add(end)
      signal.addEventListener('abort', end, { once: true })
    }),
  }
  return eyes
}

/** Idle until told otherwise: `beats` overrides by the engine's id of a container. */
export interface MemoryPulse extends Pulse {
  byProcess: boolean
  readonly beats: Map<string, Partial<Beat>>
  /** Answer of the dear reading. */
  peersNow: { count: number; lastAgeMs?: number } | Error
  dear: number
}

export function memoryPulse(): MemoryPulse {
  const pulse: MemoryPulse = {
    byProcess: true, beats: new Map(), peersNow: { count: 0 }, dear: 0,
    beat: ({ id }) => Promise.resolve({ cpuMs: 0, sent: 0, sockets: 1, terminalAges: [], ...pulse.beats.get(id) }),
    peers() {
      pulse.dear++
      return pulse.peersNow instanceof Error ? Promise.reject(pulse.peersNow) : Promise.resolve(pulse.peersNow)
    },
  }
  return pulse
}
