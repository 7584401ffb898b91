/** The one long-running activity: watches a host until its rotation is over, it is not wanted any more, or its worker stops. */
import { cancellationSignal, heartbeat, log } from '@temporalio/activity'
import type { WatchSteps } from '../../workflows/steps.ts'
import { feel } from '../watch/feel.ts'
import { look } from '../watch/look.ts'
import { readdress } from '../watch/readdress.ts'
import { reckon } from '../watch/reckon.ts'
import { type Rotation, type Senses, evidenceOf, openRotation } from '../watch/rotation.ts'
import { tell } from '../watch/tell.ts'
import { leaseWords } from '../temporal/words.ts'

export interface Watch {
  readonly steps: WatchSteps
  /** Ends the present rotation in good order and lets none begin: the worker is about to stop. */
  close(): void
}

/** Signs of life, which carry the evidence, come so often within the time after which the watch is taken for dead. */
const beats = 3
/** However many events hint: so long between two looks. */
const leastMs = 500
/** Before the stream of events is opened again. */
const hintsAgainMs = 2_000

export function createWatch(senses: Omit<Senses, 'words'> & Partial<Pick<Senses, 'words'>>): Watch {
  const closing = new AbortController()
  return {
    close: () => closing.abort(),
    steps: {
      async watchHost(order) {
        const cancelled = cancellationSignal(), done = new AbortController()
        const signal = AbortSignal.any([cancelled, closing.signal, done.signal])
        const it = openRotation(order, { words: leaseWords, ...senses }, signal)
        const beat = setInterval(() => heartbeat(evidenceOf(it)), order.clocks.aliveMs / beats)
        try {
          heartbeat(evidenceOf(it))
          await watch(it)
        } finally {
          clearInterval(beat)
          done.abort()
        }
        if (cancelled.aborted && !closing.signal.aborted) throw cancelled.reason
        return evidenceOf(it)
      },
    },
  }
}

async function watch(it: Rotation): Promise<void> {
  const { clocks, signal } = it, ends = it.now() + clocks.rotateMs
  const bell = createBell(signal)
  void hearHints(it, bell.ring)
  // What is nearly due is done with the look: a round of its own would cost one more.
  const slack = Math.min(clocks.lookMs, clocks.feelMs, clocks.reckonMs) / 2
  let feels = it.now(), reckons = it.now()
  while (!signal.aborted && it.now() < ends) {
    const began = it.now()
    await part('look at the engine', () => look(it))
    if (began >= reckons - slack) {
      await part('compare leases with what runs', () => reckon(it))
      await part('follow where its host is reached', () => readdress(it))
      reckons = began + clocks.reckonMs
    }
    await part('tell the leases', () => tell(it))
    if (began >= feels - slack) {
      await part('read signs of use', () => feel(it))
      feels = began + clocks.feelMs
    }
    const next = Math.min(began + clocks.lookMs, feels, reckons, ends)
    await bell.wait(Math.max(0, next - it.now()), Math.min(leastMs, clocks.lookMs))
  }
}

/** Nothing that goes wrong ends the watch: the next round tries again. */
async function part(what: string, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    log.warn(`the watch could not ${what}`, { error })
  }
}

async function hearHints(it: Rotation, ring: () => void): Promise<void> {
  const { signal } = it
  while (!signal.aborted) {
    await it.eyes.hints(ring, signal).catch(() => undefined)
    if (signal.aborted) return
    it.shaken = true // an engine that ends has ended its containers
    ring()
    await until(hintsAgainMs, signal)
  }
}

/** A wait that a hint or the end cuts short. */
function createBell(signal: AbortSignal): { ring(): void; wait(ms: number, leastMs: number): Promise<void> } {
  let rung = false, wake: (() => void) | undefined
  const ring = () => {
    rung = true
    wake?.()
  }
  return {
    ring,
    async wait(ms, leastMs) {
      await until(leastMs, signal)
      if (!rung && !signal.aborted) {
        const done = new AbortController()
        wake = () => done.abort()
        await until(ms - leastMs, AbortSignal.any([signal, done.signal]))
        wake = undefined
      }
      rung = false
    },
  }
}

const until = (ms: number, signal: AbortSignal): Promise<void> => new Promise((done) => {
  if (signal.aborted || ms <= 0) return done()
  const timer = setTimeout(end, ms)
  function end(): void {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
    done()
  }
  signal.addEventListener('abort', end)
})
