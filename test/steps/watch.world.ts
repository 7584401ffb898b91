/** One rotation of a watch over a host in memory, with leases that only say where they are. */
import { type Rotation, openRotation } from '../../activities/watch/rotation.ts'
import { memoryRuntime } from '../../activities/memory/runtime.ts'
import { memoryEyes, memoryPulse } from '../../activities/memory/watch.ts'
import { look } from '../../activities/watch/look.ts'
import { listLeases } from '../../activities/watch/tell.ts'
import type { SeenWord } from '../../workflows/contract.ts'
import { defaultWatchClocks } from '../../workflows/rules/clocks.ts'
import type { WatchOrder } from '../../workflows/steps.ts'
import type { LeaseStatus, Place } from '../../workflows/terms.ts'

export function watchWorld() {
  const runtime = memoryRuntime(), eyes = memoryEyes(runtime), pulse = memoryPulse()
  const ready = new Map<string, Place>(), said: { key: string; word: SeenWord }[] = [], asked: string[] = []
  const trouble = { words: false }
  const words: Rotation['words'] = {
    readyLeases: () => Promise.resolve(new Map([...ready.keys()].map((key) => [key, `lease:web.mika.${key}`]))),
    say: (leaseId, word) => {
      if (trouble.words) return Promise.resolve('failed')
      said.push({ key: leaseId.split('.').at(-1)!, word })
      return Promise.resolve('told')
    },
    status: (leaseId) => {
      const key = leaseId.split('.').at(-1)!, place = ready.get(key)
      asked.push(key)
      return Promise.resolve({ key, phase: 'ready', ...(place && { place }) } as LeaseStatus)
    },
  }
  const end = new AbortController()
  return {
    runtime, eyes, pulse, ready, said, asked, trouble,
    rotation: (order: Partial<WatchOrder> = {}) =>
      openRotation({ host: 'h1', number: 1, clocks: { ...defaultWatchClocks, quietMs: 0 }, ...order }, { eyes, pulse, words, own: { isOwn: () => false, hasRestarted: () => false } }, end.signal),
    /** A container that runs; its lease is ready, and its name leads to these addresses. */
    async lend(key: string, addresses: readonly [string, ...string[]] | undefined) {
      await runtime.start({ key, number: 1, member: 'mika', hostPorts: [], spec: { image: 'web', reference: 'web:1', cpu: 1, memory: 2 ** 28, ports: [] } }, { heartbeat: () => undefined, signal: end.signal })
      if (addresses) ready.set(key, { site: 'campus', host: 'h1', number: 1, zone: 'campus.test', hostPorts: [], address: addresses[0], addresses })
    },
    /** What comes before in every round. */
    async round(it: Rotation, part: (it: Rotation) => Promise<void>) {
      await look(it)
      await listLeases(it)
      await part(it)
    },
  }
}
