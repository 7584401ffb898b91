/** Order statistics. Pure. */

/** The nearest rank: at least this share of the values is no greater. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new Error('There is no quantile of nothing.')
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)]!
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** The 95 % confidence interval of the median, by the binomial order statistics: no shape of the values is assumed. */
export function medianInterval(values: readonly number[]): readonly [number, number] {
  const sorted = values.toSorted((a, b) => a - b), n = sorted.length
  const reach = 1.96 * Math.sqrt(n) / 2
  const from = Math.max(0, Math.floor(n / 2 - reach)), to = Math.min(n - 1, Math.ceil(n / 2 + reach))
  return [sorted[from]!, sorted[to]!]
}
