/** Moments, lengths and tables in words, in the reader's own time zone. */
const two = (n: number): string => String(n).padStart(2, '0')

/** `2026-12-24 18:05`, by the clock of whoever reads it. */
export function sayMoment(at: number): string {
  const d = new Date(at)
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}`
}

/** `18:05:09`. */
export function sayTime(at: number): string {
  const d = new Date(at)
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`
}

/** Rows in aligned columns; the first is the heading. */
export function grid(rows: readonly (readonly string[])[]): string {
  const wide = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows.map((row) => row.map((cell, column) => cell.padEnd(wide[column] ?? 0)).join('  ').trimEnd()).join('\n')
}

/** What comes from outside (names of images, last lines of a container) must not steer the reader's terminal. */
export function printable(text: string): string {
   
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '�')
}
