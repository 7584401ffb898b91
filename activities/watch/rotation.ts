/** One rotation of a watch: what it knows, and what its parts (look, feel, reckon, tell) work with. */
import type { SeenWord, WatchClocks } from '../../workflows/contract.ts'
import type { Eyes, Pulse } from '../../workflows/ports.ts'
import type { Watched } from '../../workflows/rules/sightings.ts'
import type { WatchEvidence, WatchOrder } from '../../workflows/steps.ts'
import type { Own } from '../steps/own.ts'
import type { Words } from '../temporal/words.ts'

export interface Senses {
  readonly eyes: Eyes
  readonly pulse: Pulse
  readonly words: Words
  readonly own: Pick<Own, 'isOwn' | 'hasRestarted'>
}

/** A word about one placement that its lease has not got yet. */
export interface OwedWord {
  readonly word: Omit<SeenWord, 'watch'>
  readonly since: number
}

export interface Rotation extends Senses {
  readonly host: string
  readonly number: number
  readonly clocks: WatchClocks
  readonly signal: AbortSignal
  /** Never goes back: the wall clock of the start, and what has passed since. */
  readonly now: () => number
  watched: Record<string, Watched>
  /** Nothing is known of what came before the first look. */
  first: boolean
  owed: OwedWord[]
  /** Ids of leases by key. */
  leases: Map<string, string>
  /** Where its host was reached at the last look. */
  addresses?: readonly string[]
  awaySince?: number | undefined
  /** The engine was away, or dropped its stream: it may have restarted. */
  shaken: boolean
}

export function openRotation(order: WatchOrder, senses: Senses, signal: AbortSignal): Rotation {
  const { host, number, clocks, evidence, orderly } = order, begun = Date.now(), mono = performance.now()
  const watched = { ...evidence?.watched }
  if (!orderly) {
    // What a rotation told after its last heartbeat is not known.
    for (const [at, { told: _, addressed: __, ...one }] of Object.entries(watched)) watched[at] = one
  }
  return {
    ...senses, host, number, clocks, signal, watched, first: evidence === undefined, owed: [], leases: new Map(), shaken: false,
    now: () => begun + performance.now() - mono,
    ...(evidence?.awaySince !== undefined && { awaySince: evidence.awaySince }), ...(evidence?.addresses && { addresses: evidence.addresses }),
  }
}

export function evidenceOf({ watched, addresses, awaySince }: Rotation): WatchEvidence {
  const all = Object.values(watched), running = all.filter((one) => one.running), idle = running.filter((one) => one.told === 'idle')
  const sentence = awaySince === undefined
    ? `${running.length} of ${all.length} containers run, ${idle.length} of them idle.`
    : `The engine has not answered since ${new Date(awaySince).toISOString()}; ${running.length} containers ran then.`
  return { watched, sentence, ...(addresses && { addresses }), ...(awaySince !== undefined && { awaySince }) }
}
