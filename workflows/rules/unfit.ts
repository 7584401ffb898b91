/**
 * Which running leases the policy of now would no longer allow. A policy that was narrowed ends them only when it says
 * so (`narrowed: end`, and no group of the member says `keep`); totals, counts and kinds of hosts bind new leases alone.
 *
 * | of the lease | unfit when |
 * |---|---|
 * | image | no group of the member may lend it any more |
 * | cpu, memory, GPUs | more than one lease may have now |
 * | site | no group may lend there any more |
 */
import type { Entitlement, Held } from '../terms.ts'
import { sayGpu, sayMemory } from './amount.ts'
import { findImage } from './images.ts'

export interface Unfit {
  readonly key: string
  readonly what: 'image' | 'cpu' | 'memory' | 'gpu' | 'site'
  readonly sentence: string
}

type Terms = Pick<Entitlement, 'images' | 'catalog' | 'cpu' | 'memory' | 'gpu' | 'sites' | 'narrowed'>

export function unfit(held: readonly Held[], terms: Terms): Unfit[] {
  if (terms.narrowed !== 'end') return []
  return held.flatMap((lease): Unfit[] => {
    const { key, name, image, cpu, memory, gpu = 0, site } = lease, gpus = terms.gpu ?? 0
    if (typeof findImage(terms, image) === 'string') return [{ key, what: 'image', sentence: `The policy does not let you have ${image} any more, which ${name} runs.` }]
    if (cpu > terms.cpu + 1e-6) return [{ key, what: 'cpu', sentence: `The policy lets one lease have ${terms.cpu} cpu now, and ${name} has ${cpu}.` }]
    if (memory > terms.memory) return [{ key, what: 'memory', sentence: `The policy lets one lease have ${sayMemory(terms.memory)} of memory now, and ${name} has ${sayMemory(memory)}.` }]
    if (gpu > gpus) return [{ key, what: 'gpu', sentence: `The policy lets one lease have ${gpus === 0 ? 'no GPU' : sayGpu(gpus)} now, and ${name} has ${gpu}.` }]
    if (!terms.sites.some((one) => one.name === site)) return [{ key, what: 'site', sentence: `The policy does not let you lend at ${site} any more, where ${name} is.` }]
    return []
  })
}
