/** What every `Names` promises, on whatever technology. */
import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createMarks, type Marks } from '../../activities/mark.ts'
import { NameConflict, NameInvalid, type NameRecords, type Names } from '../../workflows/ports.ts'

export interface NamesUnderTest {
  readonly names: Names
  readonly marks: Marks
  readonly zone: string
  /** What A and AAAA say, sorted. */
  addresses(label: string): Promise<readonly string[]>
  /** Puts a TXT record there that is not ours. */
  plant(label: string): Promise<void> | void
  close(): Promise<void>
}

export const testMarks = (instance = 'test'): Marks => createMarks({ instance, secret: Buffer.alloc(32, instance) })

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
export const newKey = (): string => Array.from({ length: 20 }, () => letters[randomInt(letters.length)]).join('')

/** A claim by a new lease under a new label. */
export function newRecords(zone: string, over: Partial<NameRecords> = {}): NameRecords {
  const key = over.key ?? newKey()
  return { zone, label: `web-${key.slice(0, 6)}`, key, number: 1, address: '127.0.0.1', ports: [{ port: 80, hostPort: 20_080 }], ttlMs: 30_000, ...over }
}

export function namesSuite(open: () => Promise<NamesUnderTest>): void {
  let it_: NamesUnderTest
  beforeAll(async () => {
    it_ = await open()
  })
  afterAll(() => it_.close())
  const listed = async (records: NameRecords) => (await it_.names.list(it_.zone)).filter(({ label }) => label === records.label)

  it('claims a name, shows it, and releases it', async () => {
    const { names, zone } = it_, records = newRecords(zone, { ports: [{ port: 8080, hostPort: 20_001 }, { port: 22, hostPort: 20_002 }] })
    await names.claim(records)
    expect(await names.isClaimed(records)).toBe(true)
    expect(await listed(records)).toEqual([{ zone, label: records.label, key: records.key, number: 1, ports: [20_001, 20_002] }])
    await names.release(records)
    expect(await names.isClaimed(records)).toBe(false)
    expect(await listed(records)).toEqual([])
  })

  it('says that a paused lease sleeps, and wakes it again', async () => {
    const { names, zone } = it_, records = newRecords(zone)
    await names.claim(records)
    await names.claim({ ...records, asleep: true })
    expect(await names.isClaimed(records)).toBe(true)
    expect((await listed(records))[0]!.ports).toEqual([])
    await names.claim(records)
    expect((await listed(records))[0]!.ports).toEqual([20_080])
    await names.claim({ ...records, asleep: true })
    await names.release(records)
    expect(await listed(records)).toEqual([])
  })

  it('takes the same claim twice and the same release twice', async () => {
    const { names, zone } = it_, records = newRecords(zone)
    await names.claim(records)
    await names.claim(records)
    expect(await listed(records)).toHaveLength(1)
    await names.release(records)
    await names.release(records)
    expect(await names.isClaimed(records)).toBe(false)
  })

  it('gives one name to one of fifty leases that claim it at once', async () => {
    const { names, zone } = it_, label = `race-${newKey().slice(0, 6)}`
    const claims = Array.from({ length: 50 }, () => newRecords(zone, { label }))
    const outcomes = await Promise.allSettled(claims.map((claim) => names.claim(claim)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome.status === 'rejected' && outcome.reason instanceof NameConflict)).toHaveLength(49)
    const winner = claims[outcomes.findIndex(({ status }) => status === 'fulfilled')]!
    expect((await listed(winner)).map(({ key }) => key)).toEqual([winner.key])
  })

  it('publishes a port that moved', async () => {
    const { names, zone } = it_, records = newRecords(zone, { ports: [{ port: 80, hostPort: 20_010 }, { port: 8080, hostPort: 20_011 }] })
    await names.claim(records)
    await names.claim({ ...records, ports: [{ port: 80, hostPort: 20_012 }] })
    expect((await listed(records)).map(({ ports }) => ports)).toEqual([[20_012]])
    await names.release(records)
    expect(await names.isClaimed(records)).toBe(false)
  })

  it('moves a name to a newer placement and never back', async () => {
    const { names, zone } = it_, first = newRecords(zone), second = { ...first, number: 2, address: '127.0.0.2' }
    await names.claim(first)
    await names.claim(second)
    await expect(names.claim(first)).rejects.toThrow(NameConflict)
    expect((await listed(first)).map(({ number }) => number)).toEqual([2])
  })

  it('publishes every address of a host, follows it to others, and releases them all', async () => {
    const { names, zone } = it_, records = newRecords(zone, { addresses: ['127.0.0.1', '192.0.2.4', '2001:db8::4'] })
    await names.claim(records)
    await names.claim(records)
    expect(await it_.addresses(records.label)).toEqual(['127.0.0.1', '192.0.2.4', '2001:db8::4'])
    await names.claim({ ...records, address: '192.0.2.4', addresses: ['192.0.2.4', '192.0.2.5'] })
    expect(await it_.addresses(records.label)).toEqual(['192.0.2.4', '192.0.2.5'])
    await names.claim({ ...records, asleep: true })
    expect(await it_.addresses(records.label)).toHaveLength(3)
    const { addresses: _, ...one } = records
    await names.claim({ ...one, number: 2, address: '192.0.2.9' })
    expect(await it_.addresses(records.label)).toEqual(['192.0.2.9'])
    await names.claim({ ...records, number: 2 })
    await names.release({ ...records, number: 2 })
    expect(await it_.addresses(records.label)).toEqual([])
    expect(await listed(records)).toEqual([])
  })

  it('keeps a newer placement when the older one is released late', async () => {
    const { names, zone } = it_, first = newRecords(zone), second = { ...first, number: 2 }
    await names.claim(second)
    await names.release(first)
    expect(await names.isClaimed(first)).toBe(false)
    expect(await names.isClaimed(second)).toBe(true)
  })

  it('releases what an older placement of the same lease left', async () => {
    const { names, zone } = it_, first = newRecords(zone), second = { ...first, number: 2 }
    await names.claim(first)
    expect(await names.isClaimed(second)).toBe(true)
    await names.release(second)
    expect(await listed(first)).toEqual([])
  })

  it('does nothing on a late release after another lease took the name', async () => {
    const { names, zone } = it_, first = newRecords(zone), next = newRecords(zone, { label: first.label })
    await names.claim(first)
    await names.release(first)
    await names.claim(next)
    await names.release(first)
    expect(await names.isClaimed(first)).toBe(false)
    expect(await names.isClaimed(next)).toBe(true)
    expect((await listed(next)).map(({ key }) => key)).toEqual([next.key])
  })

  it('leaves a foreign record alone and never lists it', async () => {
    const { names, zone } = it_, records = newRecords(zone)
    await it_.plant(records.label)
    await expect(names.claim(records)).rejects.toThrow(NameConflict)
    await names.release(records)
    await expect(names.claim(records)).rejects.toThrow(NameConflict)
    expect(await names.isClaimed(records)).toBe(false)
    expect(await listed(records)).toEqual([])
  })

  it('lists every name there is', async () => {
    const { names, zone } = it_
    const all = Array.from({ length: 300 }, (_, index) => newRecords(zone, { ports: [{ port: 80, hostPort: 21_000 + index }] }))
    await Promise.all(all.map((records) => names.claim(records)))
    const found = new Map((await names.list(zone)).map((owned) => [owned.label, owned]))
    expect(all.map(({ label }) => found.get(label)?.ports)).toEqual(all.map(({ ports }) => [ports[0]!.hostPort]))
    await Promise.all(all.map((records) => names.release(records)))
    const left = new Set((await names.list(zone)).map(({ label }) => label))
    expect(all.filter(({ label }) => left.has(label))).toEqual([])
  })

  it.each([
    ['a label that is not ASCII', { label: 'wäb-abcdef' }],
    ['a label with a dot', { label: 'web.abcdef' }],
    ['a label of 64 letters', { label: 'a'.repeat(64) }],
    ['an address that is none', { address: '127.0.0' }],
    ['one among several that is none', { addresses: ['127.0.0.1', 'node-2'] }],
    ['a port above 65535', { ports: [{ port: 80, hostPort: 70_000 }] }],
    ['a port twice', { ports: [{ port: 80, hostPort: 1 }, { port: 80, hostPort: 2 }] }],
  ])('sends nothing for %s', async (_, wrong) => {
    await expect(it_.names.claim(newRecords(it_.zone, wrong))).rejects.toThrow(NameInvalid)
  })
}
