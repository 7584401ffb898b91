/** A sweep's last word: one sentence for the list of workflows, a table for whoever looks closer. */
import type { Applied } from './apply.ts'
import type { Plan, Seen, SweepInput, SweepReport } from './terms.ts'

const mostRows = 200, shownRows = 60

export function reportOf({ input, seen, silent, plan, stopped, done }: {
  readonly input: SweepInput
  readonly seen: Seen
  readonly silent: readonly string[]
  readonly plan: Plan
  readonly stopped: boolean
  readonly done: Applied
}): SweepReport {
  const failed = new Map(done.failed.map(({ object, why }) => [object, why]))
  const findings = plan.findings.map((finding) => {
    const why = finding.verdict === 'surplus' ? failed.get(finding.object) : undefined
    return why === undefined ? finding : { ...finding, why: `${finding.why}; not removed: ${why}` }
  })
  const asks = stopped && plan.asks !== undefined ? { remove: plan.removals.length, why: plan.asks } : undefined
  const report = {
    at: seen.now, mode: input.mode, ours: plan.ours, leases: seen.claims?.length ?? 0, removed: done.removed, failed: done.failed.length,
    silent: silent.slice(0, 50).map((one) => one.slice(0, 300)), findings: findings.slice(0, mostRows), more: Math.max(0, findings.length - mostRows), firstSeen: bounded(plan.firstSeen),
    ...(asks && { asks }),
  }
  return { ...report, sentence: sentenceOf(report, plan, seen.claims !== undefined) }
}

function sentenceOf(report: Omit<SweepReport, 'sentence'>, plan: Plan, listed: boolean): string {
  const { mode, asks, removed, failed, silent, ours, leases } = report
  const unheard = silent.length > 0 ? ` ${silent.length} did not answer, and what is theirs was left alone.` : ''
  if (!listed) return `Nothing was compared: the open leases could not be listed.${unheard}`
  const surplus = plan.removals.length, rest = plan.findings.length - surplus
  const told = rest > 0 ? ` ${rest} more to read.` : ''
  if (asks) return `Stopped, nothing removed: ${surplus} of ${ours} things would go, and ${asks.why}${asks.why.endsWith('?') ? '' : '.'} An admin confirms with: berth admin sweep --enforce --yes-remove ${surplus}.${told}${unheard}`
  if (surplus === 0) return `All ${ours} things with our mark are right, for ${leases} open leases.${told}${unheard}`
  if (mode === 'report') return `${surplus} of ${ours} things are left over and would be removed in enforce mode.${told}${unheard}`
  const left = surplus - removed - failed
  return `Removed ${removed} left-over of ${ours} things.${failed > 0 ? ` ${failed} could not be removed.` : ''}${left > 0 ? ` ${left} wait for the next sweep.` : ''}${told}${unheard}`
}

/** Old entries first: those are about to count. */
const bounded = (firstSeen: Plan['firstSeen']): Plan['firstSeen'] =>
  Object.fromEntries(Object.entries(firstSeen).sort(([, a], [, b]) => a - b).slice(0, 2_000))

/** For the Temporal UI, which keeps 20,000 bytes. */
export function sweepDetails(report: SweepReport): string {
  const rows = report.findings.slice(0, shownRows).map(({ verdict, what, object, why }) => `| ${verdict} | ${what} | ${object} | ${why} |`)
  const hidden = report.findings.length + report.more - rows.length
  return [
    report.sentence, '',
    ...(rows.length > 0 ? ['| | what | which | why |', '|---|---|---|---|', ...rows] : []),
    ...(hidden > 0 ? ['', `and ${hidden} more`] : []),
    ...report.silent.map((one) => `\n${one}`),
  ].join('\n').slice(0, 15_000)
}
