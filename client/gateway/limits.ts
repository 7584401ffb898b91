/** Limits in memory, of bounded size. A restart forgets them; nothing that is lent depends on them. */
import type { Limit } from './options.ts'

/** At most `count` in any window: exact, since it keeps the moments. */
export class SlidingWindow {
  readonly #moments = new Map<string, number[]>()
  readonly #limit: Limit
  readonly #remembered: number

  constructor(limit: Limit, remembered: number) {
    this.#limit = limit
    this.#remembered = remembered
  }

  /** Milliseconds until one more is allowed; 0 when it is now. */
  waitMs(key: string, now: number): number {
    const recent = this.#recent(key, now), { count, windowMs } = this.#limit
    return recent.length < count ? 0 : Math.max(1, (recent[recent.length - count] ?? now) + windowMs - now)
  }

  add(key: string, now: number): void {
    const recent = [...this.#recent(key, now), now].slice(-this.#limit.count)
    this.#moments.delete(key)
    this.#moments.set(key, recent)
    const oldest = this.#moments.size > this.#remembered ? this.#moments.keys().next().value : undefined
    if (oldest !== undefined) this.#moments.delete(oldest)
  }

  /** Takes back one `add`: it turned out not to count. */
  forgive(key: string): void {
    const recent = this.#moments.get(key)
    if (recent && recent.length > 1) recent.pop()
    else this.#moments.delete(key)
  }

  get size(): number {
    return this.#moments.size
  }

  #recent(key: string, now: number): number[] {
    return (this.#moments.get(key) ?? []).filter((at) => at > now - this.#limit.windowMs)
  }
}

/** How many of a member's requests are under way. */
export class InFlight {
  readonly #counts = new Map<string, number>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  /** Undefined when there are too many; else call what it answers when done, once. */
  enter(key: string): (() => void) | undefined {
    const count = this.#counts.get(key) ?? 0
    if (count >= this.#most) return undefined
    this.#counts.set(key, count + 1)
    let inside = true
    return () => {
      if (!inside) return
      inside = false
      const left = (this.#counts.get(key) ?? 1) - 1
      if (left > 0) this.#counts.set(key, left)
      else this.#counts.delete(key)
    }
  }
}
