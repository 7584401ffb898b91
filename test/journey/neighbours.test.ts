/** Two instances of Berth on one engine and one zone do not touch each other's things. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkConfig } from '../../worker/config.ts'
import { clear } from '../../worker/demo/clear.ts'
import { pageAt } from '../../worker/demo/look.ts'
import type { RoleProcess } from '../../worker/demo/process.ts'
import { type Journey, journey } from './berth.ts'

let one: Journey, other: Journey, roles: RoleProcess
beforeAll(async () => {
  one = await journey()
  other = await journey({ beside: one })
  ;[roles] = await Promise.all([one.start(), other.start()])
  await Promise.all([one.login('mika'), other.login('mika')])
})
afterAll(async () => {
  await other?.stop()
  await one?.stop()
})

const lend = async (it: Journey) => {
  const { code, err } = await it.as('mika', 'lend', 'web', '--name', 'same')
  expect(code, err).toBe(0)
  return it.status('mika', 'same')
}

test('the same member has the same name in both, and giving back one leaves the other', async () => {
  const [mine, theirs] = await Promise.all([lend(one), lend(other)])
  expect((await one.as('mika', 'return', 'same')).code).toBe(0)
  await one.untilNothingIsLeft(mine)
  expect(await other.containers()).toHaveLength(1)
  expect(await other.networks()).toHaveLength(1)
  const { services, addresses, texts } = await other.records(theirs)
  expect(texts.flat().join('')).toContain(`i=${other.instance}`)
  expect(await pageAt(`http://${addresses[0]}:${services[0]!.port}/`)).toContain('Hello')
  // An instance that clears the engine of all that is its own has nothing of the other's.
  await clear(checkConfig(one.configuration))
  expect(await pageAt(`http://${addresses[0]}:${services[0]!.port}/`)).toContain('Hello')
  expect((await other.as('mika', 'return', 'same')).code).toBe(0)
  await other.untilNothingIsLeft(theirs)
}, 120_000)

test('a role refuses the namespace of another instance, and says whose it is', async () => {
  await expect(other.start(['core'], { namespace: one.temporal.namespace }))
    .rejects.toThrow(`belongs to the Berth instance ${one.instance}, and this is ${other.instance}`)
  expect(roles.isAlive()).toBe(true)
})
