/**
 * A host that has no room for a lease although the ledger has: others use the cluster too. The lease tries another host,
 * and where there is none it waits in the line, with the host's own words, and tries there again after a while.
 *
 * | said so | it asks next for a place |
 * |---|---|
 * | a host | on any that has not said so in this round |
 * | and there is none for `againMs` | on all of them, in its place of the line |
 * | a host that had said so in this round already | on any but this one: a new round |
 */
import { usualRoomAgainMs } from '../rules/clocks.ts'
import type { Full, LeaseState } from './state.ts'

/** A cluster that stays full is asked less and less often, for each time costs some 40 history events. */
const slowerEach = 10, mostTimesLonger = 10

export const againMs = ({ input: { clocks }, full }: Pick<LeaseState, 'input' | 'full'>): number =>
  Math.round((clocks.roomAgainMs ?? usualRoomAgainMs) * Math.min(mostTimesLonger, 1 + (full?.times ?? 0) / slowerEach))

/** What is known now that this host has said so. */
export function fullWith(before: Full | undefined, host: string, says: string): Full {
  const round = before?.hosts.some((one) => one.host === host) ? [] : before?.hosts ?? []
  return { hosts: [...round, { host, says }], known: [...new Set([...before?.known ?? [], host])], times: (before?.times ?? 0) + 1 }
}

/** Then its member knows, and sees it wait until it runs. */
export const wasFull = (full: Full | undefined, host: string): boolean => full?.known.includes(host) === true
