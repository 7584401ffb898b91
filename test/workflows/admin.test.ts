import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { board } from '../../client/commands/admin/board.ts'
import { sweep } from '../../client/commands/admin/sweep.ts'
import type { Door } from '../../client/commands/door.ts'
import { stop } from '../../client/refused.ts'
import { adminDoor } from './adminDoor.ts'
import { newKey, eventually, world, type World } from './harness.ts'
import { campus } from './terms.ts'

let it: World
beforeAll(async () => { it = await world({ clocks: { recheckApartMs: 1_500 }, entitlement: { graceMs: 60_000, sites: [{ ...campus, hosts: ['h1'] }] } }) })
afterAll(() => it.stop())

const door = (requestId?: string) => adminDoor(it, requestId)
const show = async () => {
  const answer = await board.run!({ site: undefined }, { admin: door(), status: (id: string) => it.status(id) } as unknown as Door)
  return { answer, text: board.say!(answer) }
}

describe('an admin', () => {
  test('sweeps by hand; a request that comes again is the same sweep', async () => {
    const key = newKey(), request = randomUUID()
    await it.names.claim({ zone: 'campus.test', label: `left-${key.slice(0, 6)}`, key, number: 1, address: '127.0.0.1', ports: [], ttlMs: 1_000 })
    const report = await door(request).sweep({ enforce: true })
    expect(report).toMatchObject({ mode: 'enforce', removed: 0, findings: [{ verdict: 'young', what: 'name', key }] })
    expect(await door(request).sweep({ enforce: true })).toEqual(report)
    expect(sweep.say!(report)).toMatch(/^All 1 things with our mark are right, for 0 open leases\. 1 more to read\.\n +WHAT +WHICH +WHY\nyoung +name/)
    const { answer, text } = await show()
    expect(answer.sweep).toEqual(report)
    expect(text).toContain(`: ${report.sentence}`)
  })

  test('sees who loses rights, and confirms one by name only', async () => {
    const { leaseId } = await it.lend('noor', { name: 'gone-soon' })
    await it.until(leaseId, 'ready')
    it.directory.remove('noor')
    expect(await door().recheck('noor')).toEqual(['noor'])
    const { text } = await eventually(async () => {
      const seen = await show()
      return seen.answer.losing.some(({ at }) => at > Date.now() + 10_000) && seen
    }, 'the grace runs')
    expect(text).toContain('losing rights: noor: There is nobody called noor in the directory. Leases end ')
    it.directory.put({ uid: 'noor', groups: ['all'] })
    await door().recheck('noor', true)
    await eventually(async () => (await show()).answer.losing.length === 0, 'nobody loses anything')
  })

  test('ends a lease with a reason, once', async () => {
    const { leaseId, key, name } = await it.lend('mika', { name: 'miner' })
    await it.until(leaseId, 'ready')
    const found = { key, leaseId, member: 'mika', name }
    await door().end(found, 'mines coins')
    expect(await it.client.workflow.getHandle(leaseId).result()).toMatchObject({ reason: 'revoked', sentence: 'mines coins' })
    await expect(door().end(found, 'mines coins')).rejects.toEqual(stop('over', 'miner is over already.'))
  })
})
