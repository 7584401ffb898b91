/**
 * Which host ports a place gets: never one in use, one that rests, or one that holds something nobody claims. Ports
 * that were never used come first, then the one freed longest ago, so that a name cached somewhere leads to nobody
 * else's container.
 */

export interface Ports {
  /** First and last. */
  readonly range: readonly [number, number]
  readonly used: ReadonlySet<number>
  readonly foreign: readonly number[]
  /** Freed ports and when, oldest first. */
  readonly freed: readonly (readonly [port: number, at: number])[]
  /** Ports freed at or before this moment have rested. */
  readonly rested: number
}

/** So many free ports, or undefined when there are too few. */
export function freePorts(wanted: number, { range, used, foreign, freed, rested }: Ports): number[] | undefined {
  const found: number[] = []
  const before = new Set(freed.map(([port]) => port)), blocked = new Set(foreign)
  for (let port = range[0]; port <= range[1] && found.length < wanted; port++) {
    if (!used.has(port) && !before.has(port) && !blocked.has(port)) found.push(port)
  }
  for (const [port, at] of freed) {
    if (found.length >= wanted || at > rested) break
    if (port >= range[0] && port <= range[1] && !used.has(port) && !blocked.has(port)) found.push(port)
  }
  return found.length === wanted ? found : undefined
}

/** Rested ports that are remembered for their order; beyond these the oldest count as never used, to bound the state. */
const remembered = 256

/** Notes that ports were freed, and forgets the oldest that have rested. */
export function restPorts(freed: Ports['freed'], ports: readonly number[], at: { readonly now: number; readonly restMs: number }) {
  const fresh = new Set(ports)
  const all = [...freed.filter(([port]) => !fresh.has(port)), ...ports.map((port) => [port, at.now] as const)]
  const resting = all.filter(([, when]) => when > at.now - at.restMs).length
  return all.slice(Math.max(0, all.length - Math.max(remembered, resting)))
}

/** How many rest, and when the first of them has rested. */
export function resting(freed: Ports['freed'], { now, restMs }: { readonly now: number; readonly restMs: number }) {
  const still = freed.filter(([, at]) => at > now - restMs)
  return { count: still.length, firstAt: still[0] && still[0][1] + restMs }
}
