/** Everything of the process that the CLI touches. */
import type { Environment } from './configure.ts'
import type { Keyboard } from './password.ts'

export interface Io {
  readonly env: Environment
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly keyboard: Keyboard
  /** Columns of the terminal that `out` writes to; undefined in a pipe. */
  readonly columns: number | undefined
  /** Aborts when the user presses Ctrl-C while steps are followed. */
  readonly interrupted: AbortSignal
  readonly version: string
}
