import { MockActivityEnvironment } from '@temporalio/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createOpenLeases } from '../../activities/temporal.ts'
import { eventually } from './harness.ts'
import { type SiteWorld, siteWorld } from './site.world.ts'

let world: SiteWorld
const steps = createOpenLeases({ answerMs: 2_000 })
const ask = (...[of, known]: Parameters<typeof steps.openLeases>): ReturnType<typeof steps.openLeases> =>
  new MockActivityEnvironment({}, { client: world.client }).run(steps.openLeases, of, known)

beforeAll(async () => {
  world = await siteWorld()
  await world.host('h1')
  await world.hostUp('h1')
})
afterAll(async () => { await world.stop() })

test('open leases are told in brief, those that are known by key alone, and those that ended not at all', async () => {
  await world.lend('a', { ports: 2 })
  await world.lend('b', { cpu: 2 })
  await world.lend('c')
  const [place] = [await world.placed('a'), await world.queued('b')]
  await world.order('c', 'end')
  await world.lease('c').result()
  const found = await eventually(async () => {
    const seen = await ask({ site: 'home' }, ['b', 'elsewhere'])
    return seen.leases.length + seen.knownOpen.length === 2 ? seen : undefined
  }, 'the list is up to date')
  expect(found.knownOpen).toEqual(['b'])
  expect(found.leases).toMatchObject([{
    key: 'a', leaseId: 'lease:web.mika.a', member: 'mika', cpu: 1, ports: 2, site: 'home', number: 1, paused: false,
    host: place.host, hostPorts: place.hostPorts,
  }])
  expect(JSON.stringify(found.leases).length * 1_000).toBeLessThan(1_000_000) // a thousand of them fit into one result
  expect((await ask({ site: 'home' }, ['a'])).leases).toMatchObject([{ key: 'b', waiting: true, number: 1 }])
})

test('a member is found whatever stands in the uid', async () => {
  for (const [i, member] of ["o'brien", 'back\\slash', "\\'; or 1=1", '山田'].entries()) {
    await world.lend(`m${i}`, { member, cpu: 0.01 })
    const found = await eventually(async () => {
      const { leases } = await ask({ member }, [])
      return leases.length > 0 ? leases : undefined
    }, `${member} is listed`)
    expect(found.map((it) => it.member)).toEqual([member])
  }
})

test('a lease that does not answer and whose history tells nothing is not taken for one that ended: the step fails and may be tried again', async () => {
  await world.lend('d', { member: 'noa' })
  await world.order('d', 'hush')
  const error = await eventually(() => ask({ member: 'noa' }, []).then(() => undefined, (it: unknown) => it as { type: string; nonRetryable: boolean }), 'it fails')
  expect(error).toMatchObject({ type: 'Unavailable', nonRetryable: false })
})
