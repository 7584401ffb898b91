import type { Client } from '@temporalio/client'
import { describe, expect, test } from 'vitest'
import { ask } from '../../client/ask.ts'
import { releaseUpdate, statusQuery, untimely } from '../../workflows/contract.ts'
import { napsQuery } from './fixtures/nap.ts'
import { eventually, world } from './harness.ts'
import { napBundle, napUntil } from './onTime.world.ts'

const again = (client: Client, id: string) => ask(client, { id, of: napsQuery, withinMs: 20_000 })

describe('a query that is taken before the task of a timer that has fired', () => {
  test('makes a story without the guard decide under the time of an older task, which does not replay', async () => {
    const nap = await napUntil(await napBundle(false), ({ timers }) => timers > 1, again)
    expect(nap.timers).toBe(2) // it slept once more, for by its clock no time had passed
    expect(nap.replay).toContain('TMPRL1100')
  }, 180_000)

  test('fails with one sentence under the guard, is answered when it is asked again, and the story replays', async () => {
    const nap = await napUntil(await napBundle(true), ({ answers }) => answers.some((answer) => String(answer).includes(untimely)), again)
    expect(nap.answers.filter((answer) => String(answer).includes(untimely))).not.toEqual([])
    expect(nap.again).toBe(1)
    expect(nap.timers).toBe(1)
    expect(nap.replay).toBeUndefined()
  }, 180_000)
})

/** Lends, looks at it all the time, and gives it back; at least so many times; counts those that had to be asked again. */
async function watched({ maxCachedWorkflows, atLeast }: { readonly maxCachedWorkflows: number; readonly atLeast: number }) {
  const it = await world({ maxCachedWorkflows, stickyMs: 10_000, clocks: { recheckMs: 500 } })
  let looks = 0, refused = 0, over = false
  try {
    // With one story kept, three accounts that open at once may be told to try later.
    const receipts = await Promise.all(['mika', 'noor', 'ada'].map((member) => eventually(() => it.lend(member, { name: 'seen' }), `${member} is lent one`)))
    // One after another: on a worker that keeps one story each look replays its whole story, and three at once leave no time for the steps.
    const looking = (async () => {
      for (let at = 0; !over; at++) {
        looks++
        const { leaseId } = receipts[at % receipts.length]!
        await it.client.withDeadline(Date.now() + 5_000, () => it.client.workflow.getHandle(leaseId).query(statusQuery)).catch((error: unknown) => {
          if ((error as Error).message.includes(untimely)) refused++
        })
      }
    })()
    await eventually(() => it.containers() === receipts.length, 'all of them run', 60_000)
    await Promise.all(receipts.map(({ leaseId }) => it.until(leaseId, 'ready')))
    await eventually(() => looks >= atLeast, 'enough looks', 60_000)
    await Promise.all(receipts.map(async ({ leaseId, key }, at) => {
      await it.client.workflow.getHandle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by: { uid: ['mika', 'noor', 'ada'][at]! } }] })
      await it.ended(leaseId)
    }))
    over = true
    await looking
    return { refused, replay: await it.replay() }
  } finally {
    over = true
    await it.stop()
  }
}

describe('the guard', () => {
  test('refuses no query in ordinary operation', async () => {
    const { refused, replay } = await watched({ maxCachedWorkflows: 200, atLeast: 30 })
    expect(refused).toBe(0)
    expect(replay).toEqual([])
  }, 120_000)

  test('holds up no story on a worker that keeps but one in memory, and each of them replays', async () => {
    const { replay } = await watched({ maxCachedWorkflows: 1, atLeast: 9 })
    expect(replay).toEqual([])
  }, 240_000)
})
