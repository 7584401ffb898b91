/** Quiet hours: when a warning that can wait is told. */
import type { Quiet } from '../link/terms.ts'

const minute = 60_000, day = 24 * 60

/** Minutes since midnight in a time zone; one that is not known counts as UTC. */
function minuteOfDay(at: number, timeZone: string | undefined): number {
  const parts = (zone: string) => new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone }).formatToParts(at)
  let read
  try {
    read = parts(timeZone ?? 'UTC')
  } catch {
    read = parts('UTC')
  }
  const of = (type: string) => Number(read.find((part) => part.type === type)?.value)
  return of('hour') * 60 + of('minute')
}

/** When the quiet time that it is now ends; undefined when it is not quiet. */
export function quietEnds(quiet: Quiet | undefined, now: number, timeZone?: string): number | undefined {
  if (!quiet || quiet.from === quiet.to) return undefined
  const at = minuteOfDay(now, timeZone), since = (at - quiet.from + day) % day, lasts = (quiet.to - quiet.from + day) % day
  return since < lasts ? Math.floor(now / minute) * minute + (lasts - since) * minute : undefined
}

/**
 * When a warning about something that happens at `due` is told: at once, or when the quiet time is over if it still helps
 * then, a while before it happens.
 */
export function tellAt(due: number | undefined, now: number, { quiet, timeZone }: { readonly quiet?: Quiet | undefined; readonly timeZone?: string | undefined }): number {
  const ends = quietEnds(quiet, now, timeZone)
  return ends !== undefined && (due === undefined || ends + 30 * minute <= due) ? ends : now
}

/** `22:00-07:00` or `22-7`; undefined for what is neither. */
export function parseQuiet(text: string): Quiet | undefined {
  const read = /^(\d{1,2})(?::(\d{2}))?\s*-\s*(\d{1,2})(?::(\d{2}))?$/.exec(text.trim())
  if (!read) return undefined
  const [from, to] = [[read[1], read[2]], [read[3], read[4]]].map(([hour, min]) => Number(hour) * 60 + Number(min ?? 0)) as [number, number]
  const good = (one: number, min: string | undefined) => one < day && Number(min ?? 0) < 60
  return good(from, read[2]) && good(to, read[4]) && from !== to ? { from, to } : undefined
}

export function sayQuiet({ from, to }: Quiet): string {
  const say = (at: number) => `${String(Math.floor(at / 60)).padStart(2, '0')}:${String(at % 60).padStart(2, '0')}`
  return `${say(from)} to ${say(to)}`
}
