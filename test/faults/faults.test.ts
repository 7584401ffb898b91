/** The shorter set of `npm run faults`: the same rows with small numbers, on the run's own servers. */
import { test } from 'vitest'
import { amongForeign } from './foreign.ts'
import { holds } from './holds.ts'
import { hostKilled } from './kills.ts'
import { quota } from './quota.ts'
import { renewals } from './renewals.ts'
import { twoInstances } from './twins.ts'

const long = 180_000

test.concurrent('many wishes at once against a quota of 10 lend exactly 10', () => holds(quota.run), long)

test.concurrent('a renewal within 50 ms of the expiry is kept, or refused and the lease removed', () => holds(renewals.run), long)

test.concurrent('a sweep touches nothing among foreign containers and records, some with forged labels', () => holds((it) => amongForeign(it, 50)), long)

test.concurrent('two instances on one engine and one zone do not touch each other', () => holds((it) => twoInstances(it, 3)), long)

test.concurrent('a host worker killed before and after its steps leaves each story to end right', () => holds(hostKilled.run), long)
