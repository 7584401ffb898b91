/**
 * What a look at the engine has changed. Pure. Leases are told only of changes; what was missed (before the first look,
 * and while nobody watched) comes out when the open leases are compared with what runs (`activities/steps/reckon.ts`).
 *
 * | known as | now | change |
 * |---|---|---|
 * | nothing | any | none: known from now on |
 * | running | running, on the ports it had | none |
 * | running | running, on other ports | moved |
 * | running | another runs, that its host put in its place | replaced |
 * | running | stopped | stopped |
 * | running or stopped | not there | gone |
 * | stopped | running | none: its lease, or somebody, started it |
 * | any | starting or leaving | none yet: somebody is at it |
 *
 * What this host's own steps are stopping or removing changes without a word: its lease knows.
 */
import type { Glimpse } from '../ports.ts'
import { placementOf } from './placement.ts'
import type { PulseRecord } from './idleness.ts'

/** What the watch knows of one placement; plain data that is handed from rotation to rotation. */
export interface Watched {
  readonly key: string
  readonly number: number
  readonly member: string
  readonly id: string
  readonly running: boolean
  /** Its first process on the host, once looked up. */
  readonly pid?: number
  /** Ports that its lease knows. */
  readonly ports: readonly number[]
  readonly cpuShare?: number
  /** Idleness that its lease has been told; absent when nobody knows, so that the next one is told in any case. */
  readonly told?: 'idle' | 'busy' | 'unknown'
  /** Its lease's name leads where its host is reached now, or where it was before; absent when nobody knows. */
  readonly addressed?: 'now' | 'before'
  readonly pulse?: PulseRecord
}

export interface Change {
  readonly is: 'stopped' | 'gone' | 'moved' | 'replaced'
  readonly of: Watched
  /** Why it was replaced, where its host says so. */
  readonly why?: string
}

export interface Compared {
  readonly watched: Record<string, Watched>
  readonly changes: readonly Change[]
}

/** `own`: what this host's own steps are taking down. `first`: nothing was known before this look. */
export function compare(before: Readonly<Record<string, Watched>>, seen: readonly Glimpse[], { own, first }: {
  readonly own: (placement: string) => boolean
  readonly first: boolean
}): Compared {
  const watched: Record<string, Watched> = {}, changes: Change[] = []
  for (const one of seen) {
    if (one.what !== 'container') continue
    const at = placementOf(one), was = before[at]
    if (one.state === 'starting' || one.state === 'leaving') {
      if (was) watched[at] = was
      continue
    }
    const now = watched[at] = follow(was, one, first)
    if (!was || own(at)) continue
    if (was.running && !now.running) changes.push({ is: 'stopped', of: now })
    if (now.running && now.ports.join() !== was.ports.join()) changes.push({ is: 'moved', of: now })
    if (was.running && now.running && now.id !== was.id) changes.push({ is: 'replaced', of: now, ...(one.former !== undefined && { why: one.former }) })
  }
  for (const [at, was] of Object.entries(before)) {
    if (at in watched || seen.some((one) => placementOf(one) === at) || own(at)) continue
    changes.push({ is: 'gone', of: { ...was, running: false } })
  }
  return { watched, changes }
}

function follow(was: Watched | undefined, { key, number, member, id, state, hostPorts, published, cpuShare }: Glimpse, first: boolean): Watched {
  const running = state === 'running', ports = published ?? was?.ports ?? hostPorts
  const now = { key, number, member, id, running, ports, ...(cpuShare !== undefined && { cpuShare }) }
  // A container that this watch sees from its beginning has been told nothing, so "busy" is no news to its lease.
  if (!was) return { ...now, ports: hostPorts, ...(!first && { told: 'busy' as const }) }
  // What its lease was told is of a run that is over: the next verdict is told in any case.
  if (was.id !== id || !running || !was.running) return now
  return { ...was, ...now }
}
