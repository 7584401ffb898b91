/** "2026-11-28 12:40 UTC": to the minute, the same for everybody; whoever shows it may say it in the reader's own zone. */
export function sayMoment(at: number): string {
  // Beyond this Date has no such moment.
  if (!(Math.abs(at) <= 8.64e15)) return 'never'
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
