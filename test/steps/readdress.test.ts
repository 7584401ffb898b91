import { beforeEach, describe, expect, test } from 'vitest'
import { readdress } from '../../activities/watch/readdress.ts'
import { type Rotation, evidenceOf } from '../../activities/watch/rotation.ts'
import { watchWorld } from './watch.world.ts'

let w: ReturnType<typeof watchWorld>, it: Rotation
beforeEach(() => {
  w = watchWorld()
  it = w.rotation()
})
const round = (of = it) => w.round(of, readdress)
const [a, b, c] = ['192.0.2.1', '192.0.2.2', '192.0.2.3']
const told = () => w.said.map(({ key, word }) => [key, word.addresses])

describe('where a host is reached', () => {
  test('is asked of each lease once, and told only to one whose name leads elsewhere', async () => {
    w.eyes.reachedAt = [a, b]
    await w.lend('right', [a, b])
    await w.lend('older', [a])
    await round()
    await round()
    expect(w.asked.sort()).toEqual(['older', 'right'])
    expect(told()).toEqual([['older', [a, b]]])
    expect(w.said[0]!.word).toMatchObject({ what: 'addresses moved', number: 1, watch: 1, evidence: `${b} is new` })
  })

  test('is told to all that are ready when it changes, and nobody is asked again', async () => {
    w.eyes.reachedAt = [a, b]
    for (const key of ['one', 'two']) await w.lend(key, [a, b])
    await round()
    w.asked.length = 0
    w.eyes.reachedAt = [b, c]
    await round()
    await round()
    expect(told()).toEqual([['one', [b, c]], ['two', [b, c]]])
    expect(w.said[0]!.word.evidence).toBe(`${a} is gone, ${c} is new`)
    expect(w.asked).toEqual([])
  })

  test('is told in the next round when a word did not arrive', async () => {
    w.eyes.reachedAt = [a]
    await w.lend('one', [a])
    await round()
    w.eyes.reachedAt = [b]
    w.trouble.words = true
    await round()
    expect(told()).toEqual([])
    w.trouble.words = false
    await round()
    expect(told()).toEqual([['one', [b]]])
  })

  test('is told to one that was still starting when it changed, once it is ready', async () => {
    w.eyes.reachedAt = [a]
    await w.lend('late', undefined)
    await round()
    w.eyes.reachedAt = [b]
    await round()
    expect(told()).toEqual([])
    await w.lend('late', [a])
    await round()
    expect(told()).toEqual([['late', [b]]])
  })

  test.each([['that tells none', undefined], ['whose nodes are all away', []]])('changes nothing for a host %s', async (_, reachedAt) => {
    w.eyes.reachedAt = [a]
    await w.lend('one', [a])
    await round()
    if (reachedAt) w.eyes.reachedAt = reachedAt
    else delete w.eyes.reachedAt
    await round()
    expect(told()).toEqual([])
    expect(it.addresses).toEqual([a])
  })

  test('is handed to the next rotation, which asks again only when the one before was cut off', async () => {
    w.eyes.reachedAt = [a]
    await w.lend('one', [a])
    await round()
    const evidence = evidenceOf(it)
    w.asked.length = 0
    await round(w.rotation({ number: 2, evidence, orderly: true }))
    expect(w.asked).toEqual([])
    await round(w.rotation({ number: 2, evidence, orderly: false }))
    expect(w.asked).toEqual(['one'])
    w.eyes.reachedAt = [b]
    await round(w.rotation({ number: 3, evidence, orderly: true }))
    expect(told()).toEqual([['one', [b]]])
  })
})
