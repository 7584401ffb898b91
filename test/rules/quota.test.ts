import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inUse, quotaRefusal } from '../../workflows/rules/quota.ts'
import type { Held } from '../../workflows/terms.ts'

const held = (cpu: number, memory: number, paused = false): Held =>
  ({ key: 'k', leaseId: 'l', name: 'n', label: 'n-k', image: 'i', site: 's', since: 0, cpu, memory, ...(paused && { paused }) })
const limits = { count: 2, totalCpu: 1, totalMemory: 100 }

describe('quota', () => {
  test('counts a paused lease, but not its cpu and memory', () => {
    expect(inUse([held(0.5, 60), held(0.5, 60, true)])).toEqual({ count: 2, cpu: 0.5, memory: 60 })
  })

  test('counts GPUs of what runs, against a limit that is none where the policy names none', () => {
    const used = inUse([{ ...held(0.1, 1), gpu: 2 }, { ...held(0.1, 1, true), gpu: 4 }]), roomy = { ...limits, count: 9 }
    expect(used.gpu).toBe(2)
    expect(quotaRefusal(used, { count: 1, cpu: 0, memory: 0, gpu: 1 }, { ...roomy, gpu: 3 })).toBeUndefined()
    expect(quotaRefusal(used, { count: 1, cpu: 0, memory: 0, gpu: 2 }, { ...roomy, gpu: 3 })?.sentence).toMatch(/2 of 3 GPUs in use, and this needs 2/)
    expect(quotaRefusal(used, { count: 1, cpu: 0, memory: 0, gpu: 1 }, roomy)?.kind).toBe('quotaFull')
    expect(quotaRefusal(used, { count: 1, cpu: 0, memory: 0 }, roomy)).toBeUndefined()
  })

  test('adds up tenths of a cpu exactly', () => {
    const used = inUse(Array.from({ length: 9 }, () => held(0.1, 1)))
    expect(quotaRefusal(used, { count: 1, cpu: 0.1, memory: 1 }, { count: 10, totalCpu: 1, totalMemory: 10 })).toBeUndefined()
  })

  test('says what is in use', () => {
    expect(quotaRefusal(inUse([held(0.1, 1), held(0.1, 1)]), { count: 1, cpu: 0, memory: 0 }, limits)?.sentence).toMatch(/2 of 2 leases/)
    expect(quotaRefusal(inUse([held(0.8, 1)]), { count: 1, cpu: 0.5, memory: 0 }, limits)?.sentence).toMatch(/0.8 of 1 cpu/)
    expect(quotaRefusal(inUse([held(0, 80)]), { count: 1, cpu: 0, memory: 30 }, limits)?.kind).toBe('quotaFull')
  })

  test('never lets through more than the limits', () => {
    fc.assert(fc.property(fc.array(fc.record({ cpu: fc.integer({ min: 1, max: 20 }), memory: fc.integer({ min: 1, max: 60 }) }), { maxLength: 6 }), (asked) => {
      const books: Held[] = []
      for (const { cpu, memory } of asked) {
        if (!quotaRefusal(inUse(books), { count: 1, cpu: cpu / 10, memory }, limits)) books.push(held(cpu / 10, memory))
      }
      const used = inUse(books)
      expect(used.count <= limits.count && used.cpu <= limits.totalCpu && used.memory <= limits.totalMemory).toBe(true)
    }))
  })
})
