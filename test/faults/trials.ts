/** Every row, in the order of its running. */
import { clusterFlaky, clusterKilled } from './clusterAway.ts'
import { clockOff } from './clockOff.ts'
import { day } from './day.ts'
import { flaky } from './flaky.ts'
import { foreign } from './foreign.ts'
import { gatewayKilled } from './gatewayKilled.ts'
import { clusterHostKilled, hostKilled, workerKilled } from './kills.ts'
import { lateEngine } from './lateEngine.ts'
import { nothing } from './nothing.ts'
import { partsAway } from './partsAway.ts'
import { quota } from './quota.ts'
import { renewals } from './renewals.ts'
import { temporalKilled } from './temporalKilled.ts'
import { terminated } from './terminated.ts'
import type { Trial } from './trial.ts'
import { twins } from './twins.ts'

export const trials: readonly Trial[] = [
  workerKilled, hostKilled, gatewayKilled, temporalKilled, terminated, nothing, ...partsAway, flaky, quota, renewals, foreign, twins,
  lateEngine, clockOff, clusterHostKilled, clusterKilled, clusterFlaky, day,
]
