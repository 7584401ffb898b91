import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WorkflowUpdateFailedError } from '@temporalio/client'
import { drainUpdate, forgetUpdate, freeSignal, hostSilentSignal, hostsMemo, leaseId, placeSignal } from '../../workflows/contract.ts'
import { refusalIn } from '../../workflows/refuse.ts'
import { eventually } from './harness.ts'
import { type SiteWorld, type SiteWorldOptions, box, siteWorld } from './site.world.ts'

let world: SiteWorld
const begin = async (options: SiteWorldOptions = {}, hosts = ['h1']) => {
  world = await siteWorld(options)
  for (const host of hosts) {
    await world.host(host)
    await world.hostUp(host)
  }
}
afterEach(async () => {
  const lengths = await world.stop()
  expect(lengths.length).toBeGreaterThan(0) // each of them has replayed
})

const used = (board: Awaited<ReturnType<SiteWorld['board']>>, host = 'h1') => board.hosts.find((it) => it.host === host)!

describe('lending', () => {
  beforeEach(() => begin())

  test('a lease gets a place, the next stand in line, and freed room goes to the first of them', async () => {
    await world.lend('a', { cpu: 2, ports: 2 })
    expect(await world.placed('a')).toMatchObject({
      site: 'home', host: 'h1', number: 1, address: '192.0.2.7', zone: 'lab.example', hostPorts: [20_000, 20_001] })
    await world.lend('b', { cpu: 2 })
    expect(await world.queued('b')).toMatchObject({ key: 'b', number: 1, position: 1, reason: 'waits for 2 cpu; first in line' })
    await world.lend('c')
    expect(await world.queued('c')).toMatchObject({ position: 2 })
    await world.order('a', 'free')
    expect((await world.placed('b')).hostPorts).toEqual([20_002])
    expect(await world.heard('c')).toContainEqual({ queued: { key: 'c', number: 1, position: 1, reason: 'waits for 1 cpu; first in line' } })
    await world.order('b', 'free')
    await world.placed('c')
    expect(used(await world.board())).toMatchObject({ alive: true, cpu: { used: 1, of: 2 }, leases: ['c'] })
  })

  test('who waits reads when there is room, and until when at the latest', async () => {
    const lasts = { forMs: 3_600_000, capMs: 7_200_000 }
    await world.lend('a', { cpu: 2, lasts })
    await world.placed('a')
    const before = Date.now()
    await world.lend('b', { lasts })
    const { reason } = await world.queued('b')
    const [, soon, late] = /^waits for 1 cpu; first in line; (.+) frees 2 cpu unless extended, (.+) at the latest$/.exec(reason) ?? []
    for (const [said, ms] of [[soon, lasts.forMs], [late, lasts.capMs]] as const) {
      const at = Date.parse(said!.replace(' UTC', 'Z').replace(' ', 'T'))
      expect(at - before - ms).toBeGreaterThan(-30_000) // the place was given a moment earlier
      expect(at - before - ms).toBeLessThanOrEqual(60_000)
    }
    expect((await world.board()).line).toMatchObject([{ key: 'b', reason: reason.replace('; first in line', '') }])
  })

  test('two hosts are both used, and a place asked for twice is the same', async () => {
    await world.host('h2')
    await world.hostUp('h2', { address: '192.0.2.8' })
    await world.boardWhen((board) => board.hosts.length === 2, 'both hosts are known')
    for (const key of ['a', 'b', 'c', 'd']) await world.lend(key)
    const places = await Promise.all(['a', 'b', 'c', 'd'].map((key) => world.placed(key)))
    expect(places.map((it) => it.host).sort()).toEqual(['h1', 'h1', 'h2', 'h2'])
    const again = { key: 'a', leaseId: leaseId({ name: 'web', member: 'mika', key: 'a' }), member: 'mika', number: 1, cpu: 1, memory: 1, ports: 1, since: 0 }
    await world.handle.signal(placeSignal, again)
    const twice = await eventually(async () => {
      const heard = await world.heard('a')
      return heard.length === 2 && heard
    }, 'a is told again')
    expect(twice[1]).toEqual(twice[0])
  })

  test('a freed port rests, and whoever waits for one gets it when it has rested', async () => {
    world.policy.terms = { ...world.policy.terms, ttlMs: 1_000, negativeTtlMs: 1_000 }
    await world.handle.terminate('to read the policy again')
    await world.hostUp('h1', { ports: [20_000, 20_000] })
    await world.lend('a')
    await world.placed('a')
    await world.lend('b')
    expect((await world.queued('b')).reason).toBe('waits for a port; first in line')
    const freedAt = Date.now()
    await world.order('a', 'free')
    expect((await world.placed('b')).hostPorts).toEqual([20_000])
    expect(Date.now() - freedAt).toBeGreaterThanOrEqual(1_900)
  })

  test('a request leaves the line when it is freed, and one that can never fit is told so', async () => {
    world.policy.terms = { ...world.policy.terms, hosts: ['h1'] }
    await world.handle.terminate('to read the policy again')
    await world.hostUp('h1')
    await world.lend('huge', { cpu: 64 })
    expect(await eventually(async () => (await world.heard('huge'))[0], 'huge is told')).toEqual(
      { unplaceable: 'No host of home is big enough: the largest have 2 cpu and 8 GiB memory.' })
    await world.lend('a', { cpu: 2 })
    await world.placed('a')
    await world.lend('b')
    await world.queued('b')
    await world.handle.signal(freeSignal, { key: 'b', number: 1 })
    await world.boardWhen((board) => board.line.length === 0, 'the line is empty')
  })

  test('a paused lease gives its room to others and resumes on its own ports', async () => {
    await world.lend('a', { cpu: 2 })
    const place = await world.placed('a')
    await world.order('a', 'pause')
    await world.lend('b', { cpu: 2 })
    await world.placed('b')
    await world.order('a', 'ask')
    await world.queued('a')
    await world.order('b', 'free')
    await eventually(async () => (await world.heard('a')).filter((word) => 'placed' in word).length === 2, 'a resumes')
    expect(await world.placed('a')).toEqual(place)
  })
})

describe('hosts', () => {
  test('one that the policy does not list is ignored until it lists it', async () => {
    await begin({ clocks: { checkMs: 500 } })
    await world.host('h3')
    await world.hostUp('h3')
    await eventually(() => world.policy.read >= 2, 'the policy is read again')
    expect((await world.board()).hosts.map((it) => it.host)).toEqual(['h1'])
    world.policy.terms = { ...world.policy.terms, hosts: ['h1', 'h3'] }
    await world.boardWhen((board) => board.rebuilt, 'rebuilt')
    await world.hostUp('h3')
    await eventually(async () => {
      await world.hostUp('h3')
      return (await world.board()).hosts.length === 2
    }, 'h3 is listed')
  })

  test('one that drains, or that a lease found silent, gets nothing new until it may or speaks', async () => {
    await begin()
    await world.boardWhen((board) => board.rebuilt && board.hosts.length === 1, 'h1 lends')
    await world.handle.executeUpdate(drainUpdate, { args: [{ host: 'h1', drain: true, by: 'ada' }] })
    await world.lend('a')
    expect((await world.queued('a')).reason).toContain('no host of this site is there')
    await world.handle.executeUpdate(drainUpdate, { args: [{ host: 'h1', drain: false, by: 'ada' }] })
    await world.placed('a')
    await world.handle.signal(hostSilentSignal, { host: 'h1', key: 'a' })
    await world.boardWhen((board) => !used(board).alive, 'h1 is silent')
    await world.lend('b')
    await world.queued('b')
    await world.hostUp('h1')
    await world.placed('b')
  })

  test('what an admin said of them outlives a termination by hand', async () => {
    await begin()
    await world.host('h2')
    await world.hostUp('h2')
    await world.boardWhen((board) => board.hosts.length === 2, 'both hosts are known')
    await world.handle.executeUpdate(drainUpdate, { args: [{ host: 'h1', drain: true, by: 'ada' }] })
    await world.handle.executeUpdate(forgetUpdate, { args: [{ host: 'h2', by: 'ada' }] })
    for (const why of ['by an admin', 'once more, before anything was said again']) {
      await world.handle.terminate(why)
      await world.hostUp('h1')
      await world.boardWhen((board) => board.rebuilt, 'it is rebuilt')
    }
    const { hosts } = await world.board()
    expect(hosts.map(({ host, draining, forgotten }) => ({ host, draining, forgotten }))).toEqual([
      { host: 'h1', draining: true, forgotten: false }, { host: 'h2', draining: false, forgotten: true }])
    await world.lend('a')
    expect((await world.queued('a')).reason).toMatch(/no host of this site is there/)
  })

  test('what an admin said of them also outlives a run that went on as new', async () => {
    await begin({ clocks: { mostEvents: 40, checkMs: 300 } })
    await world.boardWhen((board) => board.rebuilt && board.hosts.length === 1, 'h1 is known')
    await world.handle.executeUpdate(drainUpdate, { args: [{ host: 'h1', drain: true, by: 'ada' }] })
    const { runId } = await world.handle.describe()
    const later = await eventually(async () => {
      const now = await world.handle.describe()
      return now.runId !== runId && now
    }, 'it went on as new')
    expect(later.memo?.[hostsMemo]).toEqual({ draining: ['h1'], forgotten: [] })
  })

  test('leases on one that drains are told once, also by a site that is made anew, when the policy has them move', async () => {
    await begin()
    world.policy.terms = { ...world.policy.terms, drain: 'move' }
    await world.handle.terminate('to read the policy again')
    await world.hostUp('h1')
    await world.lend('a')
    world.owned['h1'] = [box('a', 1, (await world.placed('a')).hostPorts)]
    const drain = (drains: boolean) => world.handle.executeUpdate(drainUpdate, { args: [{ host: 'h1', drain: drains, by: 'ada' }] })
    const seen = (...words: string[]) => eventually(async () => (await world.seen('a')).join() === words.join(), `it has heard: ${words.join()}`)
    await drain(true)
    await seen('host drains')
    await drain(true)
    await world.handle.terminate('by an admin')
    await world.hostUp('h1')
    await seen('host drains', 'host drains')
    await drain(false)
    await seen('host drains', 'host drains', 'host stays')
  })

  test('one that nobody knows cannot be drained or forgotten', async () => {
    await begin()
    await world.boardWhen((board) => board.rebuilt, 'rebuilt')
    for (const update of [
      () => world.handle.executeUpdate(drainUpdate, { args: [{ host: 'nowhere', drain: true, by: 'ada' }] }),
      () => world.handle.executeUpdate(forgetUpdate, { args: [{ host: 'nowhere', by: 'ada' }] }),
    ]) {
      const error: unknown = await update().catch((it: unknown) => it)
      expect(error).toBeInstanceOf(WorkflowUpdateFailedError)
      expect(refusalIn(error)?.kind).toBe('notFound')
    }
  })

  test('one that was forgotten loses its places, and is swept before it lends again', async () => {
    await begin()
    await world.lend('a', { cpu: 2 })
    const { hostPorts } = await world.placed('a')
    await world.lend('b', { cpu: 2 })
    await world.queued('b')
    await world.order('a', 'end')
    await world.lease('a').result()
    world.owned['h1'] = [box('a', 1, hostPorts)]
    await world.handle.executeUpdate(forgetUpdate, { args: [{ host: 'h1', by: 'ada' }] })
    expect(used(await world.board())).toMatchObject({ forgotten: true, leases: [] })
    await world.hostUp('h1')
    await world.placed('b')
    expect(world.owned['h1']).toEqual([])
  })

  test('one that does not answer lends nothing, and does not hold up the others', async () => {
    await begin({ clocks: { hostQueueMs: 500 } })
    await world.hostUp('h2', { cpu: 64 }) // it spoke, but nobody works for it
    await world.lend('a', { cpu: 2 })
    expect((await world.placed('a')).host).toBe('h1')
    await world.lend('b', { cpu: 2 })
    await world.queued('b')
    await world.boardWhen((board) => !used(board, 'h2').alive, 'h2 counts as silent')
    await world.host('h2')
    await world.hostUp('h2', { cpu: 64 })
    expect((await world.placed('b')).host).toBe('h2')
  })
})

describe('the ledger', () => {
  test('terminated by hand in mid-flight and started by the next host: nothing is given twice, the line goes on', async () => {
    await begin()
    await world.host('h2')
    await world.hostUp('h2')
    await world.lend('a', { cpu: 2 })
    await world.lend('b', { ports: 2 })
    const before = [await world.placed('a'), await world.placed('b')]
    await world.lend('c', { cpu: 2 })
    await world.queued('c')
    for (const key of ['d', 'e', 'f']) await world.lend(key, { member: 'noa', cpu: 0.5 })
    await world.handle.terminate('by an admin')
    world.owned['h2'] = [box('x', 1, [20_002])]
    await world.hostUp('h2')
    await world.hostUp('h1')
    for (const key of ['d', 'e']) await world.placed(key)
    const all = await Promise.all(['a', 'b', 'd', 'e'].map((key) => world.placed(key)))
    expect(all.slice(0, 2)).toEqual(before)
    const ports = all.flatMap((it) => it.hostPorts.map((port) => `${it.host}:${port}`))
    expect(new Set(ports).size).toBe(ports.length)
    expect(ports).not.toContain('h2:20002')
    const board = await world.board()
    for (const host of board.hosts) expect(host.cpu.used).toBeLessThanOrEqual(host.cpu.of)
    expect(board.line.map((it) => it.key).sort()).toEqual(['c', 'f'])
    await world.order('a', 'free')
    await world.placed('c')
  })

  test('a place whose lease was terminated heals on proof alone', async () => {
    await begin({ clocks: { checkMs: 400 } })
    await world.lend('a', { cpu: 2 })
    world.owned['h1'] = [box('a', 1, (await world.placed('a')).hostPorts)]
    await world.lend('b', { cpu: 2 })
    await world.queued('b')
    await world.lease('a').terminate('by an admin')
    const seen = world.policy.read
    await eventually(() => world.policy.read >= seen + 4, 'four checks later')
    expect(used(await world.board()).leases).toEqual(['a'])
    world.owned['h1'] = []
    await world.placed('b')
    expect(used(await world.board()).leases).toEqual(['b'])
  })

  test('is not rebuilt while a lease does not answer and its history tells nothing: silence is not an end', async () => {
    await begin()
    await world.lend('a', { cpu: 2 })
    const place = await world.placed('a')
    await world.order('a', 'hush')
    await world.handle.terminate('by an admin')
    await world.hostUp('h1')
    await world.lend('b', { cpu: 2 })
    await eventually(async () => (await world.handle.describe()).raw.pendingActivities?.some((it) => (it.attempt ?? 0) >= 3), 'it was asked three times')
    expect((await world.board()).rebuilt).toBe(false)
    expect(await world.heard('b')).toEqual([])
    await world.lease('a').terminate('by an admin')
    world.owned['h1'] = [box('a', 1, place.hostPorts)]
    expect((await world.placed('b')).hostPorts).not.toEqual(place.hostPorts)
  })

  test('is rebuilt while the story of a lease stands still: its history tells of its place', async () => {
    await begin()
    const place = { site: 'home', host: 'h1', number: 1, address: '192.0.2.7', zone: 'lab.example', hostPorts: [20_000] }
    await world.stuck('s', place)
    await world.lend('a')
    await world.handle.terminate('by an admin')
    world.owned['h1'] = [box('s', 1, place.hostPorts)]
    await world.hostUp('h1')
    await world.boardWhen((board) => board.rebuilt && used(board).leases.includes('s'), 'its place is counted')
    await world.lend('b', { cpu: 2 })
    expect((await world.queued('b')).reason).toContain('waits for 2 cpu')
    expect((await world.placed('a')).hostPorts).not.toEqual(place.hostPorts)
  })

  test('goes on over many runs without losing a word', async () => {
    await begin()
    await world.lend('a', { cpu: 2 })
    await world.placed('a')
    const first = (await world.handle.describe()).runId
    const nobody = Array.from({ length: 1_700 }, (_, i) => ({ key: `gone${i}`, number: 1 }))
    for (let at = 0; at < nobody.length; at += 100) await Promise.all(nobody.slice(at, at + 100).map((it) => world.handle.signal(freeSignal, it)))
    await world.lend('b', { cpu: 2 })
    await world.queued('b')
    await eventually(async () => (await world.handle.describe()).runId !== first, 'it went on as new')
    expect(used(await world.board()).leases).toEqual(['a'])
    await world.order('a', 'free')
    await world.placed('b')
  })
})
