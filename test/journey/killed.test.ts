/** The worker is killed with -9 and started again: one container, then none. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RoleProcess } from '../../worker/demo/process.ts'
import { pageAt } from '../../worker/demo/look.ts'
import { eventually, type Journey, journey } from './berth.ts'

let it: Journey, roles: RoleProcess
beforeAll(async () => {
  it = await journey({ nameserver: 'bind' })
  roles = await it.start()
  await it.login('mika')
})
afterAll(() => it?.stop())

test('killed in mid-lend and started again, it makes one container, and none is left after the return', async () => {
  // It listens late, so that it is killed between start and ready.
  const lending = it.as('mika', 'lend', 'tools', '--name', 'late', '--port', '8080', '--command', 'sh', '-c',
    'mkdir -p /tmp/w; echo late > /tmp/w/index.html; sleep 3; exec httpd -f -p 8080 -h /tmp/w')
  const [made] = await eventually('the container is made', async () => {
    const all = await it.containers()
    return all.length > 0 && all
  })
  await roles.kill()
  // Whoever followed it is told in a sentence, and no stack.
  const { err } = await lending
  expect(err.trim().split('\n')).toHaveLength(1)
  roles = await it.start()
  const status = await eventually('it is ready', async () => {
    const status = await it.status('mika', 'late')
    return status.phase === 'ready' && status
  }, 60_000)
  expect((await it.containers()).map(({ Id }) => Id)).toEqual([made!.Id])
  const { services, addresses } = await it.records(status)
  expect(await pageAt(`http://${addresses[0]}:${services[0]!.port}/`)).toContain('late')
  expect((await it.as('mika', 'return', 'late')).code).toBe(0)
  await it.untilNothingIsLeft(status)
}, 150_000)

test('killed at the moment of expiry and started again, it takes the lease back', async () => {
  const { code, err } = await it.as('mika', 'lend', 'web', '--name', 'brief', '--for', '0.1m')
  expect(code, err).toBe(0)
  const status = await it.status('mika', 'brief')
  await new Promise((done) => setTimeout(done, status.until! - Date.now()))
  await roles.kill()
  roles = await it.start()
  await it.untilNothingIsLeft(status)
  const { over } = await eventually('the account has heard', async () => {
    const desk = await it.asked<{ leases: unknown[]; over: { name: string; reason: string }[] }>('mika', 'list', '--over')
    return desk.leases.length === 0 && desk
  })
  expect(over).toContainEqual(expect.objectContaining({ name: 'brief', reason: 'due' }))
}, 150_000)
