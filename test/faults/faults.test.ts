/** The shorter set of `npm run faults`: the same rows with small numbers, on the run's own servers. */
import { describe, expect, inject, test } from 'vitest'
import { lacks } from '../kubernetes/lacks.ts'
import { amongForeign } from './foreign.ts'
import { clusterKilled } from './clusterAway.ts'
import { clusterHostKilled, hostKilled } from './kills.ts'
import { quota } from './quota.ts'
import { renewals } from './renewals.ts'
import { seeded } from './random.ts'
import type { Finding, Trying } from './trial.ts'
import { twoInstances } from './twins.ts'

const seed = 20_261_128

/** Every finding must hold. */
async function holds(run: (it: Trying) => Promise<void>): Promise<void> {
  const findings: Finding[] = []
  await run({ seed, random: seeded(seed), quick: true, say: () => undefined, engine: inject('engine'), temporal: inject('temporal'), tell: (one) => findings.push(one) })
  expect(findings.length).toBeGreaterThan(0)
  expect(findings.filter((one) => !one.holds)).toEqual([])
}

const long = 180_000

test.concurrent('many wishes at once against a quota of 10 lend exactly 10', () => holds(quota.run), long)

test.concurrent('a renewal within 50 ms of the expiry is kept, or refused and the lease removed', () => holds(renewals.run), long)

test.concurrent('a sweep touches nothing among foreign containers and records, some with forged labels', () => holds((it) => amongForeign(it, 50)), long)

test.concurrent('two instances on one engine and one zone do not touch each other', () => holds((it) => twoInstances(it, 3)), long)

test.concurrent('a host worker killed before and after its steps leaves each story to end right', () => holds(hostKilled.run), long)

describe.skipIf(lacks('node'))('on a cluster', () => {
  test('a host worker killed before and after its steps leaves each story to end right', () => holds(clusterHostKilled.run), 2 * long)

  test('an API server that is killed and comes back during lends leaves nothing and doubles nothing', () => holds(clusterKilled.run), 2 * long)
})
