import { describe, expect, it } from 'vitest'
import { memoryNames } from '../../activities/memory/names.ts'
import { fqdn } from '../../workflows/rules/naming.ts'
import { namesSuite, newRecords, testMarks } from './names.suite.ts'

describe('names in memory', () => {
  namesSuite(async () => {
    const names = memoryNames(), zone = 'site1.lease.test'
    const addresses = async (label: string) => {
      const held = names.held.get(fqdn(label, zone))
      return held && held !== 'foreign' ? [...held.addresses ?? [held.address]].sort() : []
    }
    return { names, marks: testMarks(), zone, addresses, plant: (label) => names.plant(label, zone), close: async () => {} }
  })

  it('fail while they are down, and keep what they have', async () => {
    const names = memoryNames(), records = newRecords('site1.lease.test')
    await names.claim(records)
    names.faults.down = true
    await expect(names.isClaimed(records)).rejects.toThrow('does not answer')
    names.faults.down = false
    expect(await names.isClaimed(records)).toBe(true)
  })

  it('can do their work and lose the answer', async () => {
    const names = memoryNames(), records = newRecords('site1.lease.test')
    names.faults.loseAnswers = 1
    await expect(names.claim(records)).rejects.toThrow('lost')
    expect(await names.isClaimed(records)).toBe(true)
  })
})
