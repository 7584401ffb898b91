/** Rows as tests: with small numbers, on the run's own servers. */
import { expect, inject } from 'vitest'
import { seeded } from './random.ts'
import type { Finding, Trying } from './trial.ts'

const seed = 20_261_128

/** Every finding must hold. */
export async function holds(run: (it: Trying) => Promise<void>): Promise<void> {
  const findings: Finding[] = []
  await run({ seed, random: seeded(seed), quick: true, say: () => undefined, engine: inject('engine'), temporal: inject('temporal'), tell: (one) => findings.push(one) })
  expect(findings.length).toBeGreaterThan(0)
  expect(findings.filter((one) => !one.holds)).toEqual([])
}
