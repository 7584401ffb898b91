import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { extendUpdate, releaseUpdate } from '../../workflows/contract.ts'
import { refusalIn } from '../../workflows/refuse.ts'
import { eventually, newKey, world, type World } from './harness.ts'

let it: World
beforeAll(async () => { it = await world() })
afterAll(() => it.stop())

const give = (leaseId: string, key: string, uid = 'mika') =>
  it.client.workflow.getHandle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by: { uid } }] })
const refusal = (asked: Promise<unknown>) => asked.then(() => undefined, (error: unknown) => refusalIn(error))

describe('a lease', () => {
  test('runs from a wish to nothing left', async () => {
    const receipt = await it.lend('mika', { name: 'first' })
    expect(receipt).toMatchObject({ name: 'first', site: 'campus', image: 'web', fqdn: `first-${receipt.key.slice(0, 6)}.campus.test` })
    const ready = await it.until(receipt.leaseId, 'ready')
    expect(ready.endpoints).toHaveLength(1)
    expect(ready.until! - ready.readyAt!).toBe(receipt.forMs)
    expect(it.runtimes['h1']!.engine.containers.size).toBe(1)
    expect(it.names.held.size).toBe(1)
    expect((await it.desk('mika')).leases.map(({ name }) => name)).toEqual(['first'])

    await give(receipt.leaseId, receipt.key)
    const ending = await it.client.workflow.getHandle(receipt.leaseId).result()
    expect(ending).toMatchObject({ reason: 'returned', sentence: 'returned by mika.' })
    expect(it.containers()).toBe(0)
    expect(it.names.held.size).toBe(0)
    const desk = await eventually(async () => {
      const seen = await it.desk('mika')
      return seen.leases.length === 0 && seen
    }, 'the desk is empty')
    expect(desk.endings[0]).toMatchObject({ name: 'first', reason: 'returned' })
    expect(desk.notices.map(({ kind }) => kind).filter((kind) => kind !== 'queued')).toEqual(['ready', 'ended'])
    await eventually(async () => (await it.board()).hosts[0]!.leases.length === 0, 'the place is free')
  })

  test('is one, however often its request is delivered', async () => {
    const wish = { name: 'twice', requestId: 'r-twice', key: newKey() }
    const first = await it.lend('mika', wish)
    expect(await it.lend('mika', { ...wish, key: newKey() })).toEqual(first)
    await it.until(first.leaseId, 'ready')
    expect((await it.desk('mika')).leases).toHaveLength(1)
    await give(first.leaseId, first.key)
    await it.client.workflow.getHandle(first.leaseId).result()
  })

  test('that is refused once is refused again, with the same sentence', async () => {
    const wish = { image: 'secret', requestId: 'r-no' }
    const first = await refusal(it.lend('mika', wish))
    expect(first).toMatchObject({ kind: 'imageNotAllowed' })
    expect(await refusal(it.lend('mika', { ...wish, image: 'web' }))).toEqual(first)
  })

  test.each([
    [{ image: 'nothing' }, 'unknownImage'],
    [{ name: 'www' }, 'nameReserved'],
    [{ name: 'Not A Label' }, 'badName'],
    [{ forMs: 9 * 3_600_000 }, 'tooLong'],
    [{ cpu: 3 }, 'tooBig'],
    [{ memory: 2 ** 40 }, 'tooBig'],
    [{ ports: [0] }, 'badPort'],
    [{ ports: [80, 80] }, 'badPort'],
    [{ site: 'moon' }, 'unknownSite'],
  ] as const)('of %o is refused as %s and leaves nothing behind', async (wish, kind) => {
    const before = (await it.desk('mika')).leases.length
    expect(await refusal(it.lend('mika', { ...wish, ports: 'ports' in wish ? [...wish.ports] : [] }))).toMatchObject({ kind })
    expect((await it.desk('mika')).leases).toHaveLength(before)
  })

  test('is for nobody that the directory does not know', async () => {
    expect(await refusal(it.lend('ghost'))).toMatchObject({ kind: 'nobody' })
  })

  test('waits for another day while the directory is away, and nothing is lent', async () => {
    it.directory.trouble = 'down'
    try {
      expect(await refusal(it.lend('mika'))).toMatchObject({ kind: 'tryLater' })
    } finally {
      it.directory.trouble = undefined
    }
    expect((await it.desk('mika')).leases).toHaveLength(0)
  })

  test('that another member wants to end stays', async () => {
    const receipt = await it.lend('mika', { name: 'mine' })
    await it.until(receipt.leaseId, 'ready')
    expect(await refusal(give(receipt.leaseId, receipt.key, 'noor'))).toMatchObject({ kind: 'notYours' })
    expect((await it.status(receipt.leaseId)).phase).toBe('ready')
    await give(receipt.leaseId, receipt.key)
    await it.client.workflow.getHandle(receipt.leaseId).result()
    await eventually(async () => (await it.desk('mika')).leases.every(({ key }) => key !== receipt.key), 'its account has heard')
    const again = await it.lend('mika', { name: 'mine' })
    await eventually(() => it.status(again.leaseId), 'the next of that name has begun')
    expect(await refusal(give(again.leaseId, receipt.key))).toMatchObject({ kind: 'notFound' })
  })

  test('is extended inside its window only, and never past its cap', async () => {
    const long = await it.lend('noor', { name: 'long' })
    await it.until(long.leaseId, 'ready')
    const extend = (leaseId: string, key: string, byMs?: number) => it.client.workflow.getHandle(leaseId)
      .executeUpdate(extendUpdate, { args: [{ key, requestId: newKey(), by: { uid: 'noor' }, ...(byMs !== undefined && { byMs }) }] })
    expect(await refusal(extend(long.leaseId, long.key))).toMatchObject({ kind: 'tooEarly' })

    const short = await it.lend('noor', { name: 'short', forMs: 20 * 60_000 })
    const ready = await it.until(short.leaseId, 'ready')
    const extended = await extend(short.leaseId, short.key, 3_600_000)
    expect(extended.until).toBe(ready.until! + 3_600_000)
    expect(await refusal(extend(short.leaseId, short.key, 9 * 3_600_000))).toMatchObject({ kind: 'tooEarly' })
    for (const { leaseId, key } of [long, short]) await give(leaseId, key, 'noor')
  })

  test('says which command could not run, and takes everything back', async () => {
    const { engine } = it.runtimes['h1']!
    Object.assign(engine, { images: { 'web:1': 'badCommand', 'tools:1': 'exits' } })
    try {
      const bad = await it.lend('ada', { name: 'bad' })
      expect(await it.ended(bad.leaseId)).toMatchObject({ reason: 'refused', refusal: 'badCommand' })
      const exits = await it.lend('ada', { name: 'exits', image: 'tools' })
      expect(await it.ended(exits.leaseId)).toMatchObject({ reason: 'refused', refusal: 'exitedAtOnce' })
    } finally {
      Object.assign(engine, { images: undefined })
    }
    expect(engine.of({ key: 'x' })).toHaveLength(0)
  })
})

test('every story told here replays', async () => {
  expect(await it.replay()).toEqual([])
})
