/**
 * Every metric of Berth's own, beside the SDK's `temporal_*`. Stories emit by the SDK's meter, which is silent during
 * replay; a crash may count a thing twice, never change a story.
 *
 * | name | kind | labels | what |
 * |---|---|---|---|
 * | `berth_lease_phases_total` | counter | `phase` | leases that entered a phase |
 * | `berth_leases` | gauge | `phase` | open leases by phase, at the last sweep |
 * | `berth_wait_seconds` | histogram | `site` | from asked to ready |
 * | `berth_take_back_late_seconds` | histogram | `reason` | from the moment a lease was over to the proof that nothing is left |
 * | `berth_undo_retries_total` | counter | `step` | steps of taking back that were tried again |
 * | `berth_sweep_findings` | gauge | `verdict` | rows of the last sweep's table |
 * | `berth_sweep_removed_total` | counter | | things that sweeps removed |
 * | `berth_sweep_stopped` | gauge | | removals that wait for an admin's word, 0 when none |
 * | `berth_brake_stopped_total` | counter | `what` | times that an account asked for an admin's word before ending leases |
 */
import { metricMeter } from '@temporalio/workflow'
import type { Claim, SweepReport, Verdict } from './sweep/terms.ts'
import type { EndReason, Phase } from './terms.ts'

/** Counted where steps are run, since a story does not see tries: `worker/undoRetries.ts`. */
export const undoRetries = 'berth_undo_retries_total'

// The SDK makes a meter's instruments inside a story only.
export const measurePhase = (phase: Phase): void =>
  metricMeter.createCounter('berth_lease_phases_total', '1', 'Leases that entered a phase.').add(1, { phase })
export const measureWait = (site: string, ms: number): void =>
  metricMeter.createHistogram('berth_wait_seconds', 'float', 's', 'From asked to ready.').record(Math.max(0, ms) / 1000, { site })
export const measureTakeBack = (reason: EndReason, ms: number): void =>
  metricMeter.createHistogram('berth_take_back_late_seconds', 'float', 's', 'From over to the proof that nothing is left.').record(Math.max(0, ms) / 1000, { reason })
export const measureBrake = (what: 'rights' | 'narrowed'): void =>
  metricMeter.createCounter('berth_brake_stopped_total', '1', 'Times that an account asked for an admin\'s word.').add(1, { what })

const verdicts: readonly Verdict[] = ['surplus', 'young', 'missing', 'stuck', 'healing']
const phases = ['waiting', 'ready', 'paused']

export function measureSweep(report: SweepReport, claims: readonly Claim[]): void {
  const findings = metricMeter.createGauge('berth_sweep_findings', 'int', '1', 'Rows of the last sweep\'s table.')
  for (const verdict of verdicts) findings.set(report.findings.filter((one) => one.verdict === verdict).length, { verdict })
  const open = metricMeter.createGauge('berth_leases', 'int', '1', 'Open leases by phase, at the last sweep.')
  for (const phase of phases) open.set(claims.filter((one) => one.phase === phase).length, { phase })
  if (report.removed > 0) metricMeter.createCounter('berth_sweep_removed_total', '1', 'Things that sweeps removed.').add(report.removed)
  metricMeter.createGauge('berth_sweep_stopped', 'int', '1', 'Removals that wait for an admin\'s word.').set(report.asks?.remove ?? 0)
}
