/** What the saved histories tell. Each tale is played once, in a world of its own; a new kind of story needs one here. */
import { accountTales } from './tales/account.ts'
import { leaseTales } from './tales/lease.ts'
import { linkTales } from './tales/link.ts'
import { siteTales } from './tales/site.ts'
import { sweepTales } from './tales/sweep.ts'
import { watchTales } from './tales/watch.ts'
import type { World, WorldOptions } from '../workflows/harness.ts'

export interface Run {
  readonly workflowId: string
  /** The present run when absent. */
  readonly runId?: string
}

export interface Tale {
  /** Names of the files that it makes: `<workflow type>.<what it tells>`. */
  readonly tells: readonly string[]
  readonly world: WorldOptions
  readonly tell: (it: World) => Promise<Record<string, Run>>
}

export const tales: readonly Tale[] = [...accountTales, ...leaseTales, ...linkTales, ...siteTales, ...sweepTales, ...watchTales]
