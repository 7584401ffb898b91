/** Moments, lengths and tables in words, in the reader's own time zone. */
const two = (n: number): string => String(n).padStart(2, '0')

/** Where the reader is, while something is said to somebody who is not at this machine. */
let zone: string | undefined

/** Says something in a reader's own time zone, moments that are told in UTC too; `say` must not await. */
export function inZone(timeZone: string | undefined, say: () => string): string {
  if (timeZone === undefined || !isZone(timeZone)) return say()
  zone = timeZone
  try {
    return say().replace(/\b(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}) UTC\b/g, (_, day: string, time: string) => `${sayMoment(Date.parse(`${day}T${time}Z`))}`)
  } finally {
    zone = undefined
  }
}

function isZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone })
    return true
  } catch {
    return false
  }
}

/** `2026-12-24 18:05`, by the clock of whoever reads it. */
export function sayMoment(at: number): string {
  if (zone !== undefined) return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short', timeZone: zone }).format(at)
  const d = new Date(at)
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}`
}

/** `18:05:09`. */
export function sayTime(at: number): string {
  if (zone !== undefined) return new Intl.DateTimeFormat('sv-SE', { timeStyle: 'medium', timeZone: zone }).format(at)
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
