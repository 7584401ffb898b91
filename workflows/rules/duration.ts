/** Durations as people type them, and as Berth says them. */

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** What is taken: numbers with a unit, one after the other. Refuses `1,5h`, `2`, `-5m`, `1e9h`, `2hh`, `1M`, `3mo`, `2H`. */
const shape = /^(?:\d+(?:\.\d+)?\s*(?:m|min|minutes?|h|hours?|d|days?)\s*)+$/
const shapeWithSeconds = /^(?:\d+(?:\.\d+)?\s*(?:s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)\s*)+$/
const longestText = 40

/**
 * Milliseconds, or undefined for what cannot be read. `seconds` takes those too: the policy has clocks that short, a
 * member has not. Whether the length is allowed is another rule.
 */
export function parseDuration(text: string, { seconds = false }: { seconds?: boolean } = {}): number | undefined {
  const trimmed = text.trim()
  if (trimmed.length > longestText || !(seconds ? shapeWithSeconds : shape).test(trimmed)) return undefined
  let total = 0
  for (const [, number, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)\s*([a-z])[a-z]*/g)) {
    total += Number(number) * (units[unit ?? ''] ?? Number.NaN)
  }
  const whole = Math.round(total)
  return Number.isSafeInteger(whole) ? whole : undefined
}

/** "2 h 30 min", "3 d", "45 s"; the two greatest units, rounded to the smaller of them. */
export function sayDuration(ms: number): string {
  const scale = [['d', units.d!], ['h', units.h!], ['min', units.m!], ['s', units.s!]] as const
  const ago = Math.max(0, ms)
  if (ago > 0 && ago < 500) return `${Math.round(ago)} ms`
  for (let at = 0; at < scale.length; at++) {
    const [name, size] = scale[at]!, [nextName, next] = scale[at + 1] ?? ['', size]
    const rounded = Math.round(ago / next) * next
    if (rounded < size) continue
    const whole = Math.floor(rounded / size), rest = Math.round((rounded - whole * size) / next)
    return rest > 0 && nextName ? `${whole} ${name} ${rest} ${nextName}` : `${whole} ${name}`
  }
  return '0 s'
}
