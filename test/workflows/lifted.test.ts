/** The first few of a mass loss are through before it shows: they look once more before their leases end, and are lifted. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { accountId, recheckSignal, releaseUpdate } from '../../workflows/contract.ts'
import { eventually, world, type World } from './harness.ts'
import { generous } from './terms.ts'

let it: World
const members = Array.from({ length: 8 }, (_, i) => `m${i}`), first = members.slice(0, 3), rest = members.slice(3)
const leases = new Map<string, { leaseId: string; key: string }>()
const graceMs = 10_000
beforeAll(async () => {
  it = await world({ clocks: { recheckApartMs: 3_000 }, entitlement: { graceMs } })
  for (const uid of members) it.directory.put({ uid, groups: ['all'] })
})
afterEach(async () => {
  it.entitlement.now = { ...generous, graceMs }
  for (const uid of members) it.directory.put({ uid, groups: ['all'] })
  await recheck(members)
  for (const uid of members) await eventually(async () => (await it.desk(uid)).losing === undefined, `${uid} loses nothing`)
  for (const [uid, { leaseId, key }] of leases) {
    await it.client.workflow.getHandle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by: { uid } }] })
    await it.client.workflow.getHandle(leaseId).result()
  }
  leases.clear()
})
afterAll(async () => {
  expect(await it.replay()).toEqual([])
  await it.stop()
})

const recheck = (uids: readonly string[], confirmed?: true) =>
  Promise.all(uids.map((uid) => it.client.workflow.getHandle(accountId(uid)).signal(recheckSignal, { by: 'ada', ...(confirmed && { confirmed }) })))
const timeline = async (uid: string) => (await it.status(leases.get(uid)!.leaseId)).timeline.map(({ what }) => what)
const losing = async (uid: string) => (await it.desk(uid)).losing
const losingCount = async () => (await it.client.workflow.count(`WorkflowType = 'account' AND BerthPhase = 'losing'`)).count

const ways = {
  'their right in the directory': (uids: readonly string[]) => uids.forEach((uid) => it.directory.remove(uid)),
  // The policy is one for all; who has not looked yet has lost nothing.
  'what a narrowed policy no longer allows': () => {
    it.entitlement.now = { ...it.entitlement.now, images: generous.images.filter(({ name }) => name !== 'web'), narrowed: 'end' }
  },
}

describe('the first few of many who lose', () => {
  test.each(Object.entries(ways))('%s keep their leases once the brake holds, without anybody\'s doing', async (_, lose) => {
    for (const uid of members) leases.set(uid, await it.lend(uid, { name: 'desk' }))
    await Promise.all([...leases.values()].map(({ leaseId }) => it.until(leaseId, 'ready')))

    lose(first)
    await recheck(first)
    for (const uid of first) await eventually(async () => (await timeline(uid)).some((what) => what.startsWith('loses its right')), `${uid} loses it`)
    const due = Math.max(...await Promise.all(first.map(async (uid) => (await losing(uid))!.at)))
    for (const uid of first) expect(await losing(uid)).not.toHaveProperty('stopped')

    lose(rest)
    await recheck(rest)
    await eventually(async () => await losingCount() === members.length, 'all are counted')
    for (const uid of first) {
      await eventually(async () => (await timeline(uid)).at(-1) === 'goes on: An admin is asked first.', `${uid} goes on`)
      expect((await losing(uid))!.stopped).toBe(`stopped: 8 of 8 accounts lose their rights at once; an admin confirms with: berth admin recheck ${uid} --confirm`)
    }
    for (const uid of rest) await eventually(async () => (await losing(uid))?.stopped, `${uid} is stopped`)
    expect(Date.now()).toBeLessThan(due)
    await eventually(() => Date.now() > due, 'their grace would be over')
    for (const uid of members) expect((await it.status(leases.get(uid)!.leaseId)).phase).toBe('ready')

    const [one = ''] = first
    await recheck([one], true)
    await eventually(async () => (await timeline(one)).at(-1)!.startsWith('loses its right'), 'the confirmed one loses it again')
    expect(await losing(one)).not.toHaveProperty('stopped')
    expect((await timeline('m1')).at(-1)).toBe('goes on: An admin is asked first.')
  })
})
