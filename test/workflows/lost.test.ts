import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { drainUpdate, forgetUpdate, pauseUpdate, releaseUpdate, siteId } from '../../workflows/contract.ts'
import { eventually, world, type World } from './harness.ts'

let it: World
const second = 1_000
beforeAll(async () => {
  // Hosts speak every 2 s here.
  it = await world({ hosts: ['h1', 'h2'], clocks: { hostSilentMs: 5 * second, hostLostMs: 7 * second } })
})
afterAll(() => it.stop())

const handle = (leaseId: string) => it.client.workflow.getHandle(leaseId)
const by = { uid: 'mika' }
/** A lease on h1: the other host takes nothing meanwhile. */
async function readyOnH1(name: string) {
  const drain = (drains: boolean) => eventually(() => handle(siteId('campus')).executeUpdate(drainUpdate, { args: [{ host: 'h2', drain: drains, by: 'root' }] }).then(() => true), 'the site listens')
  await drain(true)
  const { leaseId, key } = await it.lend('mika', { name }), { place } = await it.until(leaseId, 'ready')
  await drain(false)
  expect(place!.host).toBe('h1')
  return { leaseId, key }
}
const says = async (leaseId: string, what: RegExp) =>
  eventually(async () => what.test((await it.status(leaseId)).timeline.map((entry) => entry.what).join('\n')), `${leaseId} knows ${what.source}`)

describe('a host that falls silent', () => {
  test('is lost after a while: its leases move, a sleeping one waits for its files, and both hear when it is back', async () => {
    const moves = await readyOnH1('moves'), sleeps = await readyOnH1('sleeps')
    await handle(sleeps.leaseId).executeUpdate(pauseUpdate, { args: [{ key: sleeps.key, by }] })
    await it.until(sleeps.leaseId, 'paused')
    await it.roles.hosts['h1']!.stop()
    await says(moves.leaseId, /its host h1 is lost \(it has been silent for .*\); moves/)
    await eventually(async () => {
      const { phase, host } = await it.status(moves.leaseId)
      return phase === 'ready' && host === 'h2'
    }, 'it has moved')
    await says(sleeps.leaseId, /its host does not answer: it has been silent for/)
    expect((await it.status(sleeps.leaseId)).phase).toBe('paused')
    it.roles.hosts['h1'] = await it.startHost('h1')
    await says(sleeps.leaseId, /its host is back/)
    expect((await it.status(sleeps.leaseId)).timeline.filter(({ what }) => what.startsWith('its host does not answer'))).toHaveLength(1)
    for (const { leaseId, key } of [moves, sleeps]) {
      await handle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by }] })
      await handle(leaseId).result()
    }
    await eventually(() => it.containers() === 0, 'also the old one is gone')
  })

  test('and is given up by an admin ends what slept there, moves what lived there, and is proof for what waits', async () => {
    const sleeps = await readyOnH1('sleeper'), lives = await readyOnH1('liver'), returns = await readyOnH1('returner')
    await handle(sleeps.leaseId).executeUpdate(pauseUpdate, { args: [{ key: sleeps.key, by }] })
    await it.until(sleeps.leaseId, 'paused')
    await it.roles.hosts['h1']!.stop()
    await handle(returns.leaseId).executeUpdate(releaseUpdate, { args: [{ key: returns.key, by }] })
    await handle(siteId('campus')).executeUpdate(forgetUpdate, { args: [{ host: 'h1', by: 'root' }] })
    expect(await handle(sleeps.leaseId).result()).toMatchObject({ reason: 'host lost' })
    expect(await handle(returns.leaseId).result()).toMatchObject({ reason: 'returned' })
    await says(returns.leaseId, /^root has given up h1: what is left of it there is not waited for$/m)
    await says(lives.leaseId, /^its host h1 was given up \(root has given up h1\); moves$/m)
    await says(sleeps.leaseId, /its host was given up, and its files with it: root has given up h1/)
    await eventually(async () => {
      const { phase, host } = await it.status(lives.leaseId)
      return phase === 'ready' && host === 'h2'
    }, 'it has moved')
    it.roles.hosts['h1'] = await it.startHost('h1')
    await eventually(() => it.runtimes['h1']!.engine.containers.size === 0, 'h1 is swept before it lends again')
    await handle(lives.leaseId).executeUpdate(releaseUpdate, { args: [{ key: lives.key, by }] })
    await handle(lives.leaseId).result()
  })

  test('is not left while there is nowhere else to go', async () => {
    const stays = await readyOnH1('stays')
    await Promise.all(['h1', 'h2'].map((host) => it.roles.hosts[host]!.stop()))
    await eventually(async () => (await it.board()).hosts.every(({ lastHeard }) => Date.now() - lastHeard > 9 * second), 'both are silent for longer than it takes')
    expect((await it.status(stays.leaseId)).phase).toBe('ready')
    it.roles.hosts['h2'] = await it.startHost('h2')
    await says(stays.leaseId, /its host h1 is lost .*; moves/)
    it.roles.hosts['h1'] = await it.startHost('h1')
    await it.until(stays.leaseId, 'ready')
    await handle(stays.leaseId).executeUpdate(releaseUpdate, { args: [{ key: stays.key, by }] })
    await handle(stays.leaseId).result()
    await eventually(() => it.containers() === 0, 'nothing is left')
  })

  test('leaves histories that replay', async () => {
    expect(await it.replay()).toEqual([])
  })
})
