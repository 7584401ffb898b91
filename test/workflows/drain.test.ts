/** A host that an admin empties: what lives there moves as soon as there is room elsewhere, when the policy says so. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CannotRun, PortTaken } from '../../workflows/ports.ts'
import { accountId, drainUpdate, extendUpdate, mayResumeUpdate, pauseUpdate, releaseUpdate, siteId } from '../../workflows/contract.ts'
import type { Receipt } from '../../workflows/terms.ts'
import { eventually, world, type World } from './harness.ts'
import { campus, generous } from './terms.ts'

let it: World
/** What the next start on a host waits for. */
const gates: Record<string, Promise<void>> = {}
const moving = { ...generous, sites: [{ ...campus, drain: 'move' as const }] }
beforeAll(async () => {
  it = await world({ hosts: ['h1', 'h2'], entitlement: moving, clocks: { hostQueueMs: 2_000 }, hostSteps: (steps, host) => ({
    ...steps,
    async startContainer(order) {
      const gate = gates[host]
      delete gates[host]
      await gate
      return await steps.startContainer(order)
    },
  }) })
})
const lent: Receipt[] = []
afterEach(async () => {
  for (const host of ['h1', 'h2']) await drain(host, false)
  for (const { leaseId, key } of lent.splice(0)) {
    await handle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by }] }).catch(() => undefined) // it may have ended in its test
    await handle(leaseId).result()
  }
  await eventually(() => it.containers() === 0, 'nothing is left on any host')
  expect(await it.names.list('campus.test')).toEqual([])
  it.entitlement.now = moving
})
afterAll(async () => {
  expect(await it.replay()).toEqual([])
  await it.stop()
})

const handle = (leaseId: string) => it.client.workflow.getHandle(leaseId), by = { uid: 'mika' }
const drain = (host: string, drains: boolean) =>
  eventually(() => handle(siteId('campus')).executeUpdate(drainUpdate, { args: [{ host, drain: drains, by: 'root' }] }).then(() => true), 'the site listens')
async function readyOn(host: 'h1' | 'h2', name: string, wish: Parameters<World['lend']>[1] = {}) {
  const other = host === 'h1' ? 'h2' : 'h1'
  await drain(other, true)
  const lease = await it.lend('mika', { name, ...wish })
  lent.push(lease)
  const { place } = await it.until(lease.leaseId, 'ready')
  await drain(other, false)
  expect(place!.host).toBe(host)
  return lease
}
/** By a lease that needs a whole host. */
async function filledH2() {
  it.entitlement.now = { ...moving, cpu: 8, totalCpu: 40 }
  const lease = await it.lend('mika', { name: 'filler', cpu: 8 })
  lent.push(lease)
  expect((await it.until(lease.leaseId, 'ready')).host).toBe('h2')
  return lease
}
const timeline = async (leaseId: string) => (await it.status(leaseId)).timeline.map(({ what }) => what)
const says = (leaseId: string, what: RegExp) => eventually(async () => (await timeline(leaseId)).some((one) => what.test(one)), `${leaseId} says ${what.source}`)
const livesOn = (leaseId: string, host: string) => eventually(async () => {
  const seen = await it.status(leaseId)
  return seen.phase === 'ready' && seen.host === host && seen.besides === undefined && seen
}, `${leaseId} lives on ${host} alone`)
const on = (host: string) => [...it.runtimes[host]!.engine.containers.values()].map(({ state }) => state)
const named = async () => it.names.list('campus.test')

describe('a lease whose host drains', () => {
  test('lives on while its new container starts, then its name leads there, and the old one is taken back', async () => {
    const { leaseId, key } = await readyOn('h1', 'moves'), before = await it.status(leaseId)
    const gate = Promise.withResolvers<void>()
    gates['h2'] = gate.promise
    await drain('h1', true)
    await says(leaseId, /has a place on h2; moves/)
    expect(await it.status(leaseId)).toMatchObject({ phase: 'ready', host: 'h1', endpoints: before.endpoints, besides: [{ number: 2, host: 'h2' }] })
    expect(on('h1')).toEqual(['running'])
    gate.resolve()
    const after = await livesOn(leaseId, 'h2')
    expect(after).toMatchObject({ number: 2, until: before.until })
    expect(on('h1')).toEqual([])
    expect(on('h2')).toEqual(['running'])
    expect(await named()).toMatchObject([{ key, number: 2 }])
    const notices = after.notices.map(({ sentence }) => sentence)
    expect(notices.some((one) => /h1 is being emptied.*save what you need/.test(one))).toBe(true)
    expect(notices.some((one) => /has moved from h1.*to h2, and starts afresh/.test(one))).toBe(true)
    const { hosts } = await it.board()
    expect(hosts.find(({ host }) => host === 'h1')).toMatchObject({ leases: [], cpu: { used: 0 } })
  })

  test('stays to its end when the policy says so', async () => {
    it.entitlement.now = { ...generous, sites: [campus] }
    await handle(siteId('campus')).terminate('to read the policy again')
    const { leaseId } = await readyOn('h1', 'stays')
    await drain('h1', true)
    const next = await it.lend('mika', { name: 'next' })
    lent.push(next)
    expect((await it.until(next.leaseId, 'ready')).host).toBe('h2')
    expect(await it.status(leaseId)).toMatchObject({ phase: 'ready', host: 'h1' })
    expect(await timeline(leaseId)).not.toContainEqual(expect.stringContaining('emptied'))
    it.entitlement.now = moving
    await handle(siteId('campus')).terminate('to read the policy again')
  })

  test('waits where it is for room elsewhere, and goes on there when the host lends again first', async () => {
    const { leaseId } = await readyOn('h1', 'waits', { cpu: 2 }), filler = await filledH2()
    await drain('h1', true)
    await eventually(async () => (await it.board()).line.some(({ reason }) => reason.startsWith('waits for 2 cpu')), 'it stands in line')
    expect(await it.status(leaseId)).toMatchObject({ phase: 'ready', host: 'h1', besides: [{ number: 2 }] })
    await drain('h1', false)
    await eventually(async () => (await it.board()).line.length === 0, 'it has left the line')
    expect(await livesOn(leaseId, 'h1')).toMatchObject({ number: 1 })
    await drain('h1', true)
    await eventually(async () => (await it.board()).line.length === 1, 'it stands in line again')
    await handle(filler.leaseId).executeUpdate(releaseUpdate, { args: [{ key: filler.key, by }] })
    await livesOn(leaseId, 'h2')
  })

  test('that sleeps stays with its files, and moves once it is awake', async () => {
    const { leaseId, key } = await readyOn('h1', 'sleeps')
    await handle(leaseId).executeUpdate(pauseUpdate, { args: [{ key, by }] })
    await it.until(leaseId, 'paused')
    await drain('h1', true)
    await says(leaseId, /h1 is being emptied/)
    expect(await it.status(leaseId)).toMatchObject({ phase: 'paused', host: 'h1' })
    expect(on('h1')).toHaveLength(1)
    await handle(accountId('mika')).executeUpdate(mayResumeUpdate, { args: [{ key, by }] })
    await livesOn(leaseId, 'h2')
  })

  test('that is paused while it waits leaves the line', async () => {
    const { leaseId, key } = await readyOn('h1', 'dozes')
    await filledH2()
    await drain('h1', true)
    await eventually(async () => (await it.board()).line.length === 1, 'it stands in line')
    await handle(leaseId).executeUpdate(pauseUpdate, { args: [{ key, by }] })
    await it.until(leaseId, 'paused')
    await eventually(async () => (await it.board()).line.length === 0, 'it has left the line')
    expect((await it.status(leaseId)).besides).toBeUndefined()
  })

  test('that ends while it goes leaves nothing on either', async () => {
    const { leaseId, key } = await readyOn('h1', 'ends')
    it.runtimes['h2']!.faults.arm({ verb: 'start', when: 'after', delayMs: 60_000 })
    await drain('h1', true)
    await eventually(() => on('h2').length === 1, 'the new one is there')
    await handle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by }] })
    expect(await handle(leaseId).result()).toMatchObject({ reason: 'returned' })
    expect([...on('h1'), ...on('h2')]).toEqual([])
  })

  test('whose time is over while it goes ends on time, and an extension meanwhile counts', async () => {
    const { leaseId, key } = await readyOn('h1', 'short', { forMs: 4_000 })
    it.runtimes['h2']!.faults.arm({ verb: 'start', when: 'before', delayMs: 60_000 })
    await drain('h1', true)
    await says(leaseId, /has a place on h2; moves/)
    await handle(leaseId).executeUpdate(extendUpdate, { args: [{ key, by, requestId: 'one', byMs: 2_000 }] })
    const { until } = await it.status(leaseId)
    const { reason, at } = await it.ended(leaseId)
    expect(reason).toBe('due')
    expect(at).toBeGreaterThanOrEqual(until!)
    expect(at).toBeLessThan(until! + 3_000)
  })

  test('goes there on other ports when one is taken', async () => {
    const { leaseId } = await readyOn('h1', 'ports')
    it.runtimes['h2']!.faults.arm({ verb: 'start', when: 'before', error: () => new PortTaken([21_000], 'A foreign process uses port 21000.') })
    await drain('h1', true)
    await says(leaseId, /could not move to h2: port taken; asks for another place/)
    expect(await livesOn(leaseId, 'h2')).toMatchObject({ number: 3 })
  })

  test('stays where it is for good when it cannot run elsewhere, and says why', async () => {
    const { leaseId } = await readyOn('h1', 'picky')
    it.runtimes['h2']!.faults.arm({ verb: 'start', when: 'before', error: () => new CannotRun('unknownImage', 'There is no image web:1 to be had.') })
    await drain('h1', true)
    await says(leaseId, /could not move to h2: There is no image web:1 to be had\.$/)
    await eventually(async () => (await it.board()).hosts.every(({ host, leases }) => leases.length === (host === 'h1' ? 1 : 0)), 'the place is given back')
    expect(await it.status(leaseId)).toMatchObject({ phase: 'ready', host: 'h1' })
    expect([on('h1'), on('h2')]).toEqual([['running'], []])
    expect(await it.names.list('campus.test')).toMatchObject([{ number: 1 }])
  })

  test('stays with its container where the other host is silent, and is told', async () => {
    const { leaseId } = await readyOn('h1', 'silent')
    await it.roles.hosts['h2']!.stop()
    await drain('h1', true)
    await says(leaseId, /could not move to h2: host silent; asks for another place/)
    expect(await it.status(leaseId)).toMatchObject({ phase: 'ready', host: 'h1' })
    expect(on('h1')).toEqual(['running'])
    it.roles.hosts['h2'] = await it.startHost('h2')
    await livesOn(leaseId, 'h2')
  })

  test('moves also when the site is terminated while it waits', async () => {
    const { leaseId } = await readyOn('h1', 'patient'), filler = await filledH2()
    await drain('h1', true)
    await eventually(async () => (await it.board()).line.length === 1, 'it stands in line')
    await handle(siteId('campus')).terminate('by an admin')
    await eventually(async () => (await it.board()).line.length === 1, 'it stands in line again')
    await handle(filler.leaseId).executeUpdate(releaseUpdate, { args: [{ key: filler.key, by }] })
    await livesOn(leaseId, 'h2')
  })
})
