/** What this process's own steps stop and remove on the host: no news for the leases that asked for it. */
import type { Berthing } from '../../workflows/ports.ts'
import { placementOf } from '../../workflows/rules/placement.ts'
import type { HostSteps } from '../../workflows/steps.ts'

/** After its step a thing may still be seen in a listing that began before. */
const afterMs = 30_000

export interface Own {
  /** The same steps, watched. */
  wrap(steps: HostSteps): HostSteps
  /** Whether this placement is being taken down, or has just been. */
  isOwn(placement: string): boolean
  /** Whether all that this member has here is being started afresh, or has just been. */
  hasRestarted(member: string): boolean
}

/** Saves leases words about their own doing; it decides nothing, for another worker's steps are not seen here. */
export function createOwn(now: () => number = () => performance.now()): Own {
  const until = new Map<string, number>(), restarted = new Map<string, number>()
  const during = async <T>(marks: Map<string, number>, at: string, step: () => Promise<T>): Promise<T> => {
    marks.set(at, Infinity)
    try {
      return await step()
    } finally {
      marks.set(at, now() + afterMs)
      for (const [other, end] of marks) if (end < now()) marks.delete(other)
    }
  }
  const take = <T>(it: Pick<Berthing, 'key' | 'number'>, step: () => Promise<T>): Promise<T> => during(until, placementOf(it), step)
  const start = <T>(it: { readonly key: string; readonly place: { readonly number: number } }, step: () => Promise<T>): Promise<T> => {
    until.delete(placementOf({ key: it.key, number: it.place.number }))
    return step()
  }
  return {
    wrap: (steps) => ({
      ...steps,
      pauseContainer: (it) => take(it, () => steps.pauseContainer(it)),
      removeContainer: (it) => take(it, () => steps.removeContainer(it)),
      removeOwned: (owned) => take(owned, () => steps.removeOwned(owned)),
      startContainer: (order) => start(order, () => steps.startContainer(order)),
      resumeContainer: (order) => start(order, () => steps.resumeContainer(order)),
      revokeReach: (member) => during(restarted, member, () => steps.revokeReach(member)),
    }),
    isOwn: (placement) => (until.get(placement) ?? -Infinity) > now(),
    hasRestarted: (member) => (restarted.get(member) ?? -Infinity) > now(),
  }
}
