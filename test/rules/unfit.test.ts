import { describe, expect, test } from 'vitest'
import { unfit } from '../../workflows/rules/unfit.ts'
import type { Held } from '../../workflows/terms.ts'
import { generous } from '../workflows/terms.ts'

const mebi = 2 ** 20
const lease: Held = { key: 'k', leaseId: 'lease:web.mika.k', name: 'web', label: 'web-k', image: 'web', cpu: 1, memory: 512 * mebi, site: 'campus', since: 0 }
const terms = { ...generous, narrowed: 'end' as const }

describe('a policy that was narrowed', () => {
  test('ends nothing that it still allows, and nothing at all when it says keep', () => {
    expect(unfit([lease], terms)).toEqual([])
    expect(unfit([lease], { ...terms, narrowed: 'keep', images: [], cpu: 0.1, memory: 1, sites: [] })).toEqual([])
  })
  test.each([
    ['image', { images: terms.images.filter(({ name }) => name !== 'web') }],
    ['cpu', { cpu: 0.5 }],
    ['memory', { memory: 256 * mebi }],
    ['site', { sites: [] }],
  ] as const)('ends a lease whose %s it does not allow any more, with a sentence', (what, narrower) => {
    const [found, ...more] = unfit([lease], { ...terms, ...narrower })
    expect(found).toMatchObject({ key: 'k', what })
    expect(found!.sentence).toMatch(/^The policy .*\.$/)
    expect(more).toEqual([])
  })
  test('ends a lease with more GPUs than one may have now', () => {
    expect(unfit([{ ...lease, gpu: 2 }], { ...terms, gpu: 2 })).toEqual([])
    expect(unfit([{ ...lease, gpu: 2 }], { ...terms, gpu: 1 })).toMatchObject([{ what: 'gpu', sentence: 'The policy lets one lease have 1 GPU now, and web has 2.' }])
    expect(unfit([{ ...lease, gpu: 1 }], terms)).toMatchObject([{ what: 'gpu', sentence: 'The policy lets one lease have no GPU now, and web has 1.' }])
  })
  test('lets a full quota run: totals and counts bind new leases alone', () => {
    expect(unfit([lease, { ...lease, key: 'l' }], { ...terms, ...{ count: 1, totalCpu: 1, totalMemory: 1 } })).toEqual([])
  })
})
