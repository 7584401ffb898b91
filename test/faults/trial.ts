/** What a row of the faults is. Its findings are told like the measures of the bench. */
import { type Row, row } from '../bench/measure.ts'

export interface Trying {
  readonly seed: number
  /** 0 to 1, from the seed. */
  readonly random: () => number
  /** Small numbers: shows that the row works. */
  readonly quick: boolean
  /** Progress, for whoever waits. */
  readonly say: (line: string) => void
  /** Socket of an engine with the demo images. */
  readonly engine: string
  /** A Temporal server that may be shared; absent: each row starts its own. */
  readonly temporal?: string
  /** Tells one finding. */
  readonly tell: (finding: Finding) => void
}

export type Finding = Row

export interface Trial {
  /** What `--only` takes; the file's name. */
  readonly name: string
  /** The fault and the promise, in a sentence. */
  readonly promise: string
  run(it: Trying): Promise<void>
}

/** A count whose goal is 0. */
export const none = (measure: string, of: readonly unknown[] | number, note: string): Finding => {
  const value = typeof of === 'number' ? of : of.length
  const some = typeof of === 'number' || of.length === 0 ? '' : `; first: ${of.slice(0, 3).map(String).join(' | ').slice(0, 600)}`
  return row({ measure, value, unit: '', note: note + some }, { most: 0 })
}

/** A count that must be exactly this. */
export const exactly = (measure: string, value: number, goal: number, note: string): Finding =>
  ({ measure, value, unit: '', goal: `= ${goal}`, holds: value === goal, note })

export const atMost = (measure: string, value: number, of: { readonly most: number; readonly unit: string; readonly note: string }): Finding =>
  row({ measure, value, unit: of.unit, note: of.note }, { most: of.most })
