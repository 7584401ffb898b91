/** Trouble on demand for a port in memory: calls that are late, fail before their work, or fail after having done it. */

/** One switch. `before` fails without doing the work, `after` fails although the work is done (a lost answer). */
export interface Fault<Verb extends string> {
  readonly verb: Verb | 'any'
  readonly when: 'before' | 'after'
  /** Waits so long first; a call with a signal stops waiting when it fires. */
  readonly delayMs?: number
  /** Thrown after the wait; absent means that the call is only late. */
  readonly error?: () => Error
  /** How many calls it meets; default 1, `Infinity` until `clear`. */
  readonly times?: number
  /** Share of the calls that it meets, by `random`; default all. */
  readonly share?: number
}

export class Faults<Verb extends string> {
  readonly #random: () => number
  #armed: { readonly fault: Fault<Verb>; left: number }[] = []

  /** `random`: seeded where a run must be repeatable. */
  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  arm(fault: Fault<Verb>): void {
    this.#armed.push({ fault, left: fault.times ?? 1 })
  }

  clear(): void {
    this.#armed = []
  }

  /** The work, with the armed trouble around it. */
  async around<T>(verb: Verb, signal: AbortSignal | undefined, work: () => T): Promise<T> {
    await this.#meet(verb, 'before', signal)
    const result = work()
    await this.#meet(verb, 'after', signal)
    return result
  }

  async #meet(verb: Verb, when: 'before' | 'after', signal: AbortSignal | undefined): Promise<void> {
    for (const armed of [...this.#armed]) {
      const { fault } = armed
      if (fault.when !== when || (fault.verb !== 'any' && fault.verb !== verb)) continue
      if (fault.share !== undefined && this.#random() >= fault.share) continue
      if (--armed.left <= 0) this.#armed = this.#armed.filter((other) => other !== armed)
      if (fault.delayMs !== undefined) await wait(fault.delayMs, signal)
      if (fault.error) throw fault.error()
    }
    signal?.throwIfAborted()
  }
}

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason instanceof Error ? signal.reason : new Error('Cancelled.'))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    if (signal?.aborted) stop()
    else signal?.addEventListener('abort', stop, { once: true })
  })
}
