/** What a set-up has come to. */
import type { Finding } from './check.ts'

export interface Outcome {
  /** For `--json`. */
  readonly answer: Readonly<Record<string, unknown>>
  readonly text: string
  readonly findings: readonly Finding[]
}
