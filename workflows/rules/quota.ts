/** Quota: what a member has in use against what the entitlement allows. Paused leases count as leases, not as cpu, memory and GPUs. */
import type { Entitlement, Held } from '../terms.ts'
import type { Refusal } from '../refuse.ts'
import { sayGpu, sayMemory } from './amount.ts'

export interface InUse {
  readonly count: number
  readonly cpu: number
  readonly memory: number
  readonly gpu?: number
}

export function inUse(held: Iterable<Held>): InUse {
  let count = 0, milliCpu = 0, memory = 0, gpu = 0
  for (const one of held) {
    count++
    if (one.paused) continue
    milliCpu += Math.round(one.cpu * 1000) // whole numbers add up exactly
    memory += one.memory
    gpu += one.gpu ?? 0
  }
  return { count, cpu: milliCpu / 1000, memory, ...(gpu > 0 && { gpu }) }
}

type Limits = Pick<Entitlement, 'count' | 'totalCpu' | 'totalMemory' | 'gpu'>

/** Whether one more fits; `more.count` is 0 for a resume, whose lease is counted already. */
export function quotaRefusal(used: InUse, more: InUse, limits: Limits): Refusal | undefined {
  const full = (sentence: string): Refusal => ({ kind: 'quotaFull', sentence: `${sentence} Return one, or wait until one ends.` })
  if (used.count + more.count > limits.count) {
    return full(`You have ${used.count} of ${limits.count} lease${limits.count === 1 ? '' : 's'}.`)
  }
  if (Math.round((used.cpu + more.cpu) * 1000) > Math.round(limits.totalCpu * 1000)) {
    return full(`You have ${used.cpu} of ${limits.totalCpu} cpu in use, and this needs ${more.cpu}.`)
  }
  if (used.memory + more.memory > limits.totalMemory) {
    return full(`You have ${sayMemory(used.memory)} of ${sayMemory(limits.totalMemory)} memory in use, and this needs ${sayMemory(more.memory)}.`)
  }
  const gpus = { used: used.gpu ?? 0, more: more.gpu ?? 0, most: limits.gpu ?? 0 }
  if (gpus.more > 0 && gpus.used + gpus.more > gpus.most) {
    return full(`You have ${gpus.used} of ${sayGpu(gpus.most)} in use, and this needs ${gpus.more}.`)
  }
  return undefined
}
