/** A refusal on its way to whoever asked, on this side of Temporal. */
import type { Refusal, RefusalKind } from '../workflows/refusals.ts'

export class Refused extends Error {
  override name = 'Refused'
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.sentence)
    this.refusal = refusal
  }
}

export const stop = (kind: RefusalKind, sentence: string): Refused => new Refused({ kind, sentence })
