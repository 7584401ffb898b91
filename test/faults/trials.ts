/** Every row, in the order of its running. */
import { gatewayKilled } from './gatewayKilled.ts'
import { hostKilled, workerKilled } from './kills.ts'
import { temporalKilled } from './temporalKilled.ts'
import type { Trial } from './trial.ts'

export const trials: readonly Trial[] = [workerKilled, hostKilled, gatewayKilled, temporalKilled]
