/** Reads the signs of use of every running container: the cheap ones first, the dear one only when all those say idle. */
import { setImmediate } from 'node:timers/promises'
import { rootMessage } from '../../workflows/refuse.ts'
import {
  type IdleRule, type PulseRecord, decideIdleness, defaultCpuShare, signalsOf, takeBeat, takePeers, wantsPeers,
} from '../../workflows/rules/idleness.ts'
import type { Watched } from '../../workflows/rules/sightings.ts'
import type { Rotation } from './rotation.ts'
import { leaseIdFor } from './tell.ts'

/** Dear readings in one round: the others have their turn in the next. */
const mostDear = 10
/** Readings further apart than this many rounds leave cpu unwatched in between. */
const gapRounds = 6
/** So many containers at a stretch, then whatever else waits. */
const atOnce = 20

export async function feel(it: Rotation): Promise<void> {
  let dear = 0, count = 0
  for (const [at, known] of Object.entries(it.watched)) {
    if (it.signal.aborted) return
    if (!known.running) continue
    if (++count % atOnce === 0) await setImmediate()
    const one = it.pulse.byProcess ? await withPid(it, known) : known
    if (it.pulse.byProcess && one.pid === undefined) {
      it.watched[at] = one
      continue
    }
    const living = { id: one.id, ...(one.pid !== undefined && { pid: one.pid }) }, rule = ruleOf(it, one), beat = await it.pulse.beat(living)
    if (beat === 'gone') {
      it.watched[at] = without(one)
      continue
    }
    let pulse = takeBeat(one.pulse, beat, rule)
    if (wantsPeers(pulse, rule)) {
      if (dear++ < mostDear) pulse = takePeers(pulse, await it.pulse.peers(living).catch((error: unknown) => rootMessage(error)))
      else {
        it.watched[at] = { ...one, pulse }
        continue
      }
    }
    it.watched[at] = await tellIdleness(it, { ...one, pulse }, rule)
  }
}

const ruleOf = ({ now, clocks }: Rotation, one: Watched): IdleRule =>
  ({ now: Math.round(now()), cpuShare: one.cpuShare ?? defaultCpuShare, quietMs: clocks.quietMs, gapMs: gapRounds * clocks.feelMs })

/** Another process under the same container: somebody restarted it, and what was read of the one before is not its own. */
const without = ({ pid: _, pulse: __, ...one }: Watched): Watched => one

async function withPid({ eyes }: Rotation, one: Watched): Promise<Watched> {
  if (one.pid !== undefined) return one
  const sight = await eyes.look(one).catch(() => undefined)
  return sight?.is === 'running' && sight.pid !== undefined ? { ...one, pid: sight.pid } : one
}

/** Only when it differs from what the lease was told last. */
async function tellIdleness(it: Rotation, one: Watched & { readonly pulse: PulseRecord }, rule: IdleRule): Promise<Watched> {
  const signals = signalsOf(one.pulse, rule), verdict = decideIdleness(signals, rule.now), { key, number } = one
  if (verdict.is === one.told) return one
  const leaseId = await leaseIdFor(it, key)
  if (leaseId === undefined) return one
  const told = await it.words.say(leaseId, {
    key, number, at: rule.now, what: verdict.is === 'idle' ? 'idle' : 'busy', evidence: verdict.sentence, signals, watch: it.number,
    ...(verdict.since !== undefined && { since: verdict.since }),
  })
  return told === 'failed' ? one : { ...one, told: verdict.is }
}
