/** "Did you mean": the nearest known word, or undefined when nothing is near. */
export function guess(typed: string, known: readonly string[]): string | undefined {
  const word = typed.toLowerCase().slice(0, 40)
  const begun = word.length >= 2 ? known.filter((one) => one.startsWith(word)) : []
  if (begun.length === 1) return begun[0]
  const near = known.map((one) => ({ one, far: distance(word, one) })).sort((a, b) => a.far - b.far)[0]
  return near && near.far <= Math.min(2, Math.floor(Math.max(word.length, near.one.length) / 2)) ? near.one : undefined
}

/** Letters added, lost, changed, or two neighbours swapped (Damerau–Levenshtein, optimal string alignment). */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + same, swapped))
    }
  }
  return at(a.length, b.length)
}
