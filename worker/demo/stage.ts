/** Where the story is played: each step is announced, timed, and must be seen to happen. */
import { styleText } from 'node:util'

/** A step that did not happen as told. */
export class NotSeen extends Error {
  override name = 'NotSeen'
  readonly step: string
  constructor(step: string, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.step = step
  }
}

export interface Stage {
  /** Plays one step; what it answers with `seen` is printed beside its time. Throws `NotSeen`. */
  step<T>(what: string, play: () => Promise<T>): Promise<T>
  /** A line of its own, indented. */
  line(text: string): void
  /** One sentence about what was just seen. */
  seen(text: string): void
  readonly count: number
}

export function createStage(write: (text: string) => void = (text) => void process.stdout.write(text)): Stage {
  let count = 0
  const line = (text: string) => write(`    ${text}\n`)
  return {
    get count() { return count },
    line,
    seen: (text) => line(`${styleText('green', '✓')} ${text}`),
    async step(what, play) {
      count++
      write(`\n${styleText('bold', `${count}. ${what}`)}\n`)
      const began = performance.now()
      try {
        return await play()
      } catch (error) {
        throw new NotSeen(what, error)
      } finally {
        line(styleText('dim', `${((performance.now() - began) / 1000).toFixed(1)} s`))
      }
    },
  }
}

/** Throws with this sentence when it does not hold. */
export function assertSeen(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Error(sentence)
}

/** Looks until there is an answer. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>, withinMs = 30_000): Promise<T> {
  for (const deadline = Date.now() + withinMs; ;) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (Date.now() > deadline) throw new Error(`Not within ${withinMs / 1000} s: ${what}`)
    await new Promise((done) => setTimeout(done, 200))
  }
}
