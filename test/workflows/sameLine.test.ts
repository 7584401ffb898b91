/** People press Enter again when nothing seems to happen: the same line within 10 s means the same lease. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { releaseUpdate } from '../../workflows/contract.ts'
import type { Receipt } from '../../workflows/terms.ts'
import { world, type World } from './harness.ts'

let it: World
beforeAll(async () => { it = await world() })
afterAll(async () => {
  expect(await it.replay()).toEqual([])
  await it.stop()
})
const returned = async ({ leaseId, key }: Receipt) => {
  await it.client.workflow.getHandle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by: { uid: 'mika' } }] })
  await it.ended(leaseId)
}

test('the same line typed twice lends once, and both are told of the same lease', async () => {
  const [first, again] = await Promise.all([it.lend('mika', { line: 'digest' }), it.lend('mika', { line: 'digest' })])
  expect(again).toEqual(first)
  expect(await it.lend('mika', { line: 'digest' })).toEqual(first)
  expect((await it.desk('mika')).leases).toHaveLength(1)
  await returned(first)
})

test('another line, a line without a digest, and the same one once its lease is over, lend anew', async () => {
  const first = await it.lend('mika', { line: 'one' }), other = await it.lend('mika', { line: 'two' }), bare = await it.lend('mika')
  expect(new Set([first.key, other.key, bare.key]).size).toBe(3)
  await returned(first)
  const anew = await it.lend('mika', { line: 'one' })
  expect(anew.key).not.toBe(first.key)
  for (const lease of [other, bare, anew]) await returned(lease)
})
