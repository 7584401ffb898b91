/** An admin terminates account, site and lease in the Temporal UI's way, in mid-flight: nothing leaks, nothing is given twice. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountId, siteId } from '../../workflows/contract.ts'
import type { LeaseStatus } from '../../workflows/terms.ts'
import type { RoleProcess } from '../../worker/demo/process.ts'
import { eventually, type Journey, journey } from './berth.ts'

let it: Journey, host: RoleProcess
beforeAll(async () => {
  it = await journey({ policy: { defaults: { count: 2 }, clocks: { check: '3s', recheck: '4s', recheckApart: '1s' } } })
  await it.start(['core', 'gateway'])
  host = await it.start(['host'])
  await it.login('mika')
})
afterAll(() => it?.stop())

const lend = async (name: string): Promise<LeaseStatus> => {
  const { code, out, err } = await it.as('mika', 'lend', 'web', '--name', name)
  if (code !== 0) throw new Error(`${code}: ${out}${err}`)
  return it.status('mika', name)
}
const terminate = (id: string) => it.client().workflow.getHandle(id).terminate('by hand, in a test')
const leases = async () => (await it.asked<{ leases: LeaseStatus[] }>('mika', 'list')).leases.map(({ name }) => name).sort()

test('an account that is terminated knows its leases again, and lends no more than its quota', async () => {
  const one = await lend('one')
  await terminate(accountId('mika'))
  // Whether a token was ended before is forgotten with the account, so that all of them end.
  expect((await it.as('mika', 'lend', 'web', '--name', 'two')).code).toBe(6)
  await it.login('mika')
  const two = await lend('two')
  const third = await it.as('mika', 'lend', 'web', '--name', 'three')
  expect([third.code, third.err]).toEqual([3, expect.stringContaining('Return one')])
  expect(await leases()).toEqual(['one', 'two'])
  for (const name of ['one', 'two']) expect((await it.as('mika', 'return', name)).code).toBe(0)
  await it.untilNothingIsLeft(one, two)
  await eventually('its quota is free', async () => (await leases()).length === 0)
}, 120_000)

test('a site that is terminated counts what is lent, and gives no port twice', async () => {
  const before = await lend('before')
  await terminate(siteId('campus'))
  // The host's next word starts it again.
  await host.stop()
  host = await it.start(['host'])
  const after = await lend('after')
  expect(after.endpoints[0]!.hostPort).not.toBe(before.endpoints[0]!.hostPort)
  const [seen] = (await it.board()).hosts
  expect([...seen!.leases].sort()).toEqual([before.key, after.key].sort())
  for (const name of ['before', 'after']) expect((await it.as('mika', 'return', name)).code).toBe(0)
  await it.untilNothingIsLeft(before, after)
}, 120_000)

test('a lease that is terminated leaves container and name to the sweep; quota heals, and its port is not given again meanwhile', async () => {
  const gone = await lend('gone')
  await terminate(gone.leaseId)
  // It would see so by itself at its next regular checks, two of them apart.
  await it.login('ada')
  await eventually('the account has seen that it is gone', async () => {
    expect((await it.as('ada', 'admin', 'recheck', 'mika')).code).toBe(0)
    return !(await leases()).includes('gone')
  }, 60_000)
  const next = await lend('next')
  expect(next.endpoints[0]!.hostPort).not.toBe(gone.endpoints[0]!.hostPort)
  expect((await it.as('mika', 'return', 'next')).code).toBe(0)
}, 120_000)
