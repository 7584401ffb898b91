/** Many leases through their whole life, some at a time, while something goes wrong. */
import { setTimeout as pause } from 'node:timers/promises'
import type { LendRequest } from '../../workflows/terms.ts'
import { type Lease, RefusedHere, endingOf, lend, returnLease } from './member.ts'
import { type Stage, members } from './stage.ts'
import { type Trying, exactly, none } from './trial.ts'

export interface Crowd {
  readonly count: number
  /** So many live at a time. */
  readonly atOnce?: number
  /** How long each is kept once it is ready. */
  readonly keptMs?: number
  /** Called as lends are begun, with how many there were before. */
  readonly during?: (begun: number) => void
}

export interface Passed {
  readonly leases: Lease[]
  /** Went the whole way, as they should. */
  readonly right: Lease[]
  readonly terminated: Lease[]
  /** A sentence for each that did not. */
  readonly wrong: string[]
  readonly seconds: number
}

/** Lend, ready, return, over; the members take turns. */
export async function passThrough(it: Stage, { count, atOnce = 12, keptMs = 500, during }: Crowd): Promise<Passed> {
  const client = it.client(), passed = { leases: [] as Lease[], right: [] as Lease[], terminated: [] as Lease[], wrong: [] as string[] }
  const begin = performance.now()
  let next = 0
  const one = async (at: number) => {
    let lease: Lease | undefined
    try {
      lease = await lend(client, members[at % members.length]!)
      passed.leases.push(lease)
      await it.lookOut.until(lease.leaseId, 'ready')
      await pause(keptMs)
      await returnLease(client, lease)
      const ending = await endingOf(client, lease)
      if (ending === 'terminated') passed.terminated.push(lease)
      else if (ending.reason === 'returned') passed.right.push(lease)
      else passed.wrong.push(`${lease.leaseId}: ${ending.reason}, ${ending.sentence}`)
    } catch (error) {
      const why = error instanceof RefusedHere ? error.message : `${String(error)} ${String((error as Error).cause ?? '')}`
      passed.wrong.push(`${lease?.leaseId ?? `lend ${at}`}: ${why}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let at = next++; at < count; at = next++) {
      during?.(at)
      await one(at)
    }
  }))
  return { ...passed, seconds: (performance.now() - begin) / 1000 }
}

/** Tells that all of them went the whole way. */
export function tellPassed(it: Trying, row: string, passed: Passed, count: number): void {
  const { right, terminated, wrong, seconds } = passed
  it.tell(exactly(`${row}.right`, right.length + terminated.length, count, `${right.length} lent, ready, returned and over, ${terminated.length} terminated, in ${Math.round(seconds)} s`))
  it.tell(none(`${row}.wrong`, wrong, 'leases that ended otherwise'))
}

/** Begins each trouble once so many lends have begun; `done` waits for all of them. */
export function troubles(plan: readonly { readonly at: number; readonly act: () => Promise<unknown> }[]): { during(begun: number): void; done(): Promise<void> } {
  const left = [...plan], running: Promise<unknown>[] = []
  return {
    during(begun) {
      for (const trouble of left.filter(({ at }) => at <= begun)) {
        left.splice(left.indexOf(trouble), 1)
        // One after the other: what is killed must not be started by the one before.
        const before = running.at(-1) ?? Promise.resolve()
        running.push(before.catch(() => undefined).then(trouble.act))
      }
    },
    async done() {
      const failed = (await Promise.allSettled(running)).filter((one) => one.status === 'rejected')
      if (failed.length > 0) throw new AggregateError(failed.map(({ reason }) => reason as unknown), `A trouble could not be made: ${failed.map(({ reason }) => String(reason)).join('; ')}`)
    },
  }
}

/** So many that live: lent and ready. */
export async function settle(it: Stage, { count, atOnce = 12, wish = {} }: { count: number; atOnce?: number; wish?: Partial<LendRequest> }): Promise<Lease[]> {
  const client = it.client(), leases: Lease[] = []
  let next = 0
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let at = next++; at < count; at = next++) {
      const lease = await lend(client, members[at % members.length]!, wish)
      leases.push(lease)
      const seen = await it.lookOut.until(lease.leaseId, 'ready')
      if (seen === 'closed') throw new Error(`${lease.leaseId} was over before it was ready`)
    }
  }))
  return leases
}

/** Returned, and over. */
export async function takeLeave(it: Stage, leases: readonly Lease[]): Promise<void> {
  const client = it.client()
  await inTurns(leases, (lease) => returnLease(client, lease))
  await inTurns(leases, (lease) => endingOf(client, lease))
}

/** A dozen at a time. */
export async function inTurns<T>(all: readonly T[], act: (one: T) => Promise<unknown>, atOnce = 12): Promise<void> {
  let next = 0
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let at = next++; at < all.length; at = next++) await act(all[at]!)
  }))
}
