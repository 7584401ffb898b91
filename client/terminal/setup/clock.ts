/** Whether two clocks agree: proofs of freshness are refused beyond 300 s (`gateway/chat`), so a minute is named. */
import type { Findings } from './check.ts'

const namedMs = 60_000

/** `aheadMs`: how far the platform’s clock is ahead of ours. Answers with how far ours is ahead of it; undefined when it told no time. */
export function compareOurs(findings: Findings, platform: string, aheadMs: number | undefined): number | undefined {
  const ours = aheadMs === undefined ? undefined : -aheadMs
  compareClocks(findings, 'clock', { whose: 'This machine’s clock', platform, aheadMs: ours })
  return ours
}

/** `aheadMs`: how far the clock is ahead of the platform’s; undefined when one of them told no time. */
export function compareClocks(findings: Findings, what: string, { whose, platform, aheadMs }: {
  readonly whose: string; readonly platform: string; readonly aheadMs: number | undefined
}): void {
  if (aheadMs === undefined) return findings.add(what, 'note', `Nothing told the time, so ${whose} could not be compared with ${platform}’s.`)
  const seconds = Math.round(Math.abs(aheadMs) / 1000)
  if (Math.abs(aheadMs) <= namedMs) return findings.add(what, 'good', `${whose} agrees with ${platform}’s.`)
  findings.add(what, 'bad', `${whose} is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} ${platform}’s; requests are refused beyond 300 s. Let it follow NTP.`)
}
