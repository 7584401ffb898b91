/** `Reach` in memory: who has kubeconfigs, and that what runs is started afresh when they end. */
import type { Access, Reach } from '../../workflows/ports.ts'
import type { MemoryEngine } from './engine.ts'
import { Faults } from './faults.ts'

export interface MemoryReach extends Reach {
  /** Ids of grants, by member. */
  readonly grants: Map<string, Set<string>>
  readonly faults: Faults<keyof Reach>
}

export function memoryReach(engine: MemoryEngine): MemoryReach {
  const grants: MemoryReach['grants'] = new Map(), faults = new Faults<keyof Reach>()
  return {
    grants, faults,
    grant: ({ member, id, forMs }) => faults.around('grant', undefined, (): Access => {
      grants.set(member, (grants.get(member) ?? new Set()).add(id))
      return { server: 'https://192.0.2.9:6443', namespace: `berth-${member}`, user: `reach-${id}`, token: `token-of-${id}`, until: Date.now() + Math.max(600_000, forMs) }
    }),
    revoke: (member) => faults.around('revoke', undefined, () => {
      const ended = grants.get(member)?.size ?? 0
      grants.delete(member)
      const running = [...engine.containers.values()].filter(({ state, order }) => state === 'running' && order.member === member)
      if (ended > 0) for (const container of running) engine.run(container)
      return { grants: ended, restarted: ended > 0 ? running.length : 0 }
    }),
  }
}
