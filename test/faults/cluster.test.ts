/** The same of a host that is a cluster; a file of its own, for it takes as long as the others together. */
import { describe, test } from 'vitest'
import { lacks } from '../kubernetes/lacks.ts'
import { clusterKilled } from './clusterAway.ts'
import { holds } from './holds.ts'
import { clusterHostKilled } from './kills.ts'

const long = 360_000

describe.skipIf(lacks('node'))('on a cluster', () => {
  test('a host worker killed before and after its steps leaves each story to end right', () => holds(clusterHostKilled.run), long)

  test('an API server that is killed and comes back during lends leaves nothing and doubles nothing', () => holds(clusterKilled.run), long)
})
