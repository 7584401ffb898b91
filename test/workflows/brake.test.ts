import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accountId, recheckSignal, releaseUpdate } from '../../workflows/contract.ts'
import { eventually, world, type World } from './harness.ts'
import { generous } from './terms.ts'

let it: World
const members = Array.from({ length: 8 }, (_, i) => `m${i}`)
const leases = new Map<string, { leaseId: string; key: string }>()
beforeAll(async () => {
  // The list of workflows lags, so the two looks stand well apart.
  it = await world({ clocks: { recheckApartMs: 3_000 }, entitlement: { graceMs: 20_000 } })
  for (const uid of members) {
    it.directory.put({ uid, groups: ['all'] })
    leases.set(uid, await it.lend(uid, { name: 'desk' }))
  }
  await Promise.all([...leases.values()].map(({ leaseId }) => it.until(leaseId, 'ready')))
})
afterAll(() => it.stop())

const account = (uid: string) => it.client.workflow.getHandle(accountId(uid))
const recheckAll = (uids: readonly string[], confirmed?: true) =>
  Promise.all(uids.map((uid) => account(uid).signal(recheckSignal, { by: 'ada', ...(confirmed && { confirmed }) })))
const losing = (uid: string) => it.desk(uid).then((desk) => desk.losing)
const timeline = async (uid: string) => (await it.status(leases.get(uid)!.leaseId)).timeline.map(({ what }) => what).join('\n')

describe('many who lose their right at once', () => {
  test('lose no lease before an admin has confirmed it, one by one; and whoever comes back loses nothing', async () => {
    for (const uid of members) it.directory.remove(uid)
    await recheckAll(members)
    for (const uid of members) {
      const stopped = await eventually(async () => (await losing(uid))?.stopped, `${uid} is stopped`)
      expect(stopped).toBe(`stopped: 8 of 8 accounts lose their rights at once; an admin confirms with: berth admin recheck ${uid} --confirm`)
      expect(await timeline(uid)).not.toContain('loses its right')
    }

    await recheckAll(['m0'], true)
    await eventually(async () => (await timeline('m0')).includes('loses its right'), 'the confirmed one loses it')
    expect((await losing('m0'))!.stopped).toBeUndefined()
    expect(await timeline('m1')).not.toContain('loses its right')

    for (const uid of members) it.directory.put({ uid, groups: ['all'] })
    await recheckAll(members)
    for (const uid of members) await eventually(async () => (await losing(uid)) === undefined, `${uid} is back`)
    await eventually(async () => (await timeline('m0')).includes('goes on: The right came back.'), 'its lease goes on')
    await eventually(async () => (await it.client.workflow.count(`WorkflowType = 'account' AND BerthPhase = 'losing'`)).count === 0, 'nobody counts as losing')
  })

  test('are not more than a few: those lose it as the directory says', async () => {
    const few = members.slice(5, 7)
    for (const uid of few) it.directory.remove(uid)
    await recheckAll(few)
    for (const uid of few) {
      await eventually(async () => (await timeline(uid)).includes('loses its right'), `${uid} loses it`)
      expect(await losing(uid)).not.toHaveProperty('stopped')
      it.directory.put({ uid, groups: ['all'] })
    }
    await recheckAll(few)
    for (const uid of few) await eventually(async () => (await losing(uid)) === undefined, `${uid} is back`)
  })
})

describe('a policy that was narrowed', () => {
  const narrower = () => ({ ...it.entitlement.now, images: generous.images.filter(({ name }) => name !== 'web') })
  test('cuts nothing short unless it says so', async () => {
    it.entitlement.now = narrower()
    const asked = it.directory.asked
    await recheckAll(['m3'])
    await eventually(() => it.directory.asked > asked, 'it was looked at')
    await recheckAll(['m3'])
    await eventually(() => it.directory.asked > asked + 1, 'it was looked at again')
    expect(await losing('m3')).toBeUndefined()
  })
  test('that says so ends leases after two looks and a grace, with the reason', async () => {
    it.entitlement.now = { ...narrower(), narrowed: 'end', graceMs: 2_000 }
    const { leaseId } = leases.get('m3')!
    await recheckAll(['m3'])
    expect(await it.client.workflow.getHandle(leaseId).result()).toMatchObject({ reason: 'revoked', sentence: expect.stringContaining('does not let you have web any more') as string })
    const desk = await eventually(async () => {
      const seen = await it.desk('m3')
      return seen.leases.length === 0 && seen
    }, 'the account knows')
    expect(desk.notices.some(({ kind, sentence }) => kind === 'rights' && sentence.includes('It ends in 2 s'))).toBe(true)
  })
  test('that would end many stops and asks, and ends what an admin confirms', async () => {
    const rest = members.filter((uid) => uid !== 'm3')
    await recheckAll(rest)
    for (const uid of rest) await eventually(async () => (await losing(uid))?.stopped?.startsWith('stopped: 7 of 8'), `${uid} is stopped`)
    await recheckAll(['m4'], true)
    expect(await it.client.workflow.getHandle(leases.get('m4')!.leaseId).result()).toMatchObject({ reason: 'revoked' })
    it.entitlement.now = generous
    await recheckAll(rest)
    for (const uid of rest) await eventually(async () => (await losing(uid)) === undefined, `${uid} is let alone`)
    for (const uid of rest.filter((one) => one !== 'm4')) {
      const { leaseId, key } = leases.get(uid)!
      expect((await it.status(leaseId)).phase).toBe('ready')
      await it.client.workflow.getHandle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by: { uid } }] })
    }
  })
})
