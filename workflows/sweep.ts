/**
 * `sweep` (schedule `sweep`): what exists compared with what is lent. Observe, plan (pure: `rules/plan.ts`), apply; in
 * `report` or `enforce`. Stopped by the brake it removes nothing and asks: with `waitMs` it stays open for the signal
 * `confirm`, otherwise it ends and says how to go on.
 */
import { condition, log, setCurrentDetails, setHandler } from '@temporalio/workflow'
import { confirmSignal, sweepQuery } from './contract.ts'
import { measureSweep } from './metrics.ts'
import { plan } from './rules/plan.ts'
import { apply } from './sweep/apply.ts'
import { observe } from './sweep/observe.ts'
import { reportOf, sweepDetails } from './sweep/report.ts'
import type { SweepInput, SweepReport } from './sweep/terms.ts'

export async function sweep(input: SweepInput): Promise<SweepReport> {
  let yes = input.yesRemove, report: SweepReport | undefined
  setHandler(sweepQuery, () => report, { description: 'What was found, as a table; nothing before it has looked.' })
  setHandler(confirmSignal, ({ remove, by }) => {
    yes = remove
    log.warn('an admin lets the sweep go beyond its brake', { remove, by })
  }, { description: 'Lets a stopped sweep go on: {"remove": 12, "by": "ada"}, for at most so many removals.' })
  setCurrentDetails('Looks at what exists and at what is lent.')
  for (;;) {
    const { seen, silent } = await observe(input.youngMs)
    const found = plan(seen), confirmed = yes
    const stopped = found.asks !== undefined && (confirmed === undefined || found.removals.length > confirmed)
    const done = input.mode === 'enforce' && !stopped ? await apply(found.removals) : { removed: 0, failed: [] }
    report = reportOf({ input, seen, silent, plan: found, stopped, done })
    setCurrentDetails(sweepDetails(report))
    measureSweep(report, seen.claims ?? [])
    // Only what a stopped sweep asks for is waited for; then it looks anew, for the world went on meanwhile.
    if (!stopped || input.mode !== 'enforce' || !input.waitMs) return report
    yes = undefined
    if (!(await condition(() => yes !== undefined, input.waitMs, { summary: 'Stopped: waits for an admin\'s word (signal confirm)' }))) return report
  }
}
