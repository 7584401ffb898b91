/**
 * When a host has room for somebody who waits, as far as the ledger can know: a lease ends when it is due, and no
 * extension takes it beyond its cap. An admin's hold may; it counts as soon as its due time has been heard.
 *
 * | a lease that has room here | gone, as it stands | gone at the latest |
 * |---|---|---|
 * | nobody has said how long it lasts | nobody knows | nobody knows |
 * | before its due time | when it is due | at its cap, or when it is due if that is later |
 * | past its due time (extended, or being taken back) | at its cap | at its cap |
 * | past both: it is being taken back until that is proven | nobody knows | nobody knows |
 *
 * | what is missing | is there |
 * |---|---|
 * | cpu, memory, a GPU, a slot | when enough leases are gone; a paused one holds none of them |
 * | ports | when those of leases that are gone, and those that rest already, have rested |
 *
 * | as it stands | at the latest | says |
 * |---|---|---|
 * | known | the same minute | `12:40 at the latest frees 4 cpu` |
 * | known | later | `12:40 frees 4 cpu unless extended, 18:40 at the latest` |
 * | nobody knows | nobody knows | nothing |
 */
import type { Freed } from './line.ts'
import { sayMoment } from './moment.ts'
import { type Entry, type HostBook, type Kind, type Ledger, type Need, type Room, type Used, type View, enough, gpusOf, restMs, sayRoom } from './placement.ts'

const minute = 60_000

export function sayFreed({ planned, latest, what }: Freed): string {
  const [soon, late] = [planned, latest].map((at) => sayMoment(Math.ceil(at / minute) * minute))
  return soon === late ? `${late} at the latest frees ${what}` : `${soon} frees ${what} unless extended, ${late} at the latest`
}

export type Ahead = (hosts: readonly HostBook[], need: Need, kinds: readonly Kind[]) => Freed | undefined

/** Looks ahead from now: the first of these hosts that has enough of everything. */
export function lookAhead(ledger: Ledger, used: ReadonlyMap<string, Used>, view: View): Ahead {
  const lent = new Map<string, Entry[]>()
  for (const entry of Object.values(ledger.entries)) {
    const its = lent.get(entry.host)
    if (its) its.push(entry)
    else lent.set(entry.host, [entry])
  }
  const courses = new Map<string, { readonly planned: readonly Moment[]; readonly latest: readonly Moment[] }>()
  const courseOf = (book: HostBook) => {
    const known = courses.get(book.host)
    if (known) return known
    const course = (gone: Gone) => roomLater(book, { used: used.get(book.host)!, entries: lent.get(book.host) ?? [], gone }, view)
    const both = { planned: course(plannedEnd), latest: course(latestEnd) }
    courses.set(book.host, both)
    return both
  }
  return (hosts, need, kinds) => {
    const wanted = { ...need, slots: 1 }
    const first = (of: 'planned' | 'latest') => hosts
      .flatMap((book) => courseOf(book)[of].find(({ room }) => fits(room, wanted)) ?? [])
      .reduce<Moment | undefined>((best, one) => (best && best.at <= one.at ? best : one), undefined)
    const planned = first('planned'), latest = first('latest')
    return planned && latest && { planned: planned.at, latest: latest.at, what: sayRoom(kinds, planned.room) }
  }
}

interface Moment {
  readonly at: number
  /** All that is free then. */
  readonly room: Room
}

type Gone = (entry: Entry, now: number) => number | undefined

/** For so long after its due time a lease is still thought to be about to go: taking back takes a moment. */
const takeBackMs = minute

const dueOf = ({ lasts }: Entry): number | undefined => lasts && (lasts.until ?? (lasts.readyAt ?? 0) + lasts.forMs)

const latestEnd: Gone = (entry, now) => {
  const due = dueOf(entry)
  if (due === undefined) return undefined
  const end = Math.max(due, (entry.lasts!.readyAt ?? 0) + entry.lasts!.capMs)
  return end + takeBackMs > now ? end : undefined
}

const plannedEnd: Gone = (entry, now) => {
  const due = dueOf(entry)
  return due !== undefined && due + takeBackMs > now ? due : latestEnd(entry, now)
}

/** What a host has free from now on, moment by moment, when nobody new gets anything. */
function roomLater(book: HostBook, { used, entries, gone }: { used: Used; entries: readonly Entry[]; gone: Gone }, { now, terms }: View): Moment[] {
  const { offer } = book
  if (!offer || !terms) return []
  const rest = restMs(terms), blocked = new Set([...used.ports, ...book.foreign])
  const lendable = (port: number) => port >= offer.ports[0] && port <= offer.ports[1]
  const resting = book.freed.filter(([port, at]) => at > now - rest && lendable(port) && !blocked.has(port))
  const changes: { at: number; room: Partial<Room> }[] = resting.map(([, at]) => ({ at: at + rest, room: { ports: 1 } }))
  for (const entry of entries) {
    const at = gone(entry, now)
    if (at === undefined) continue
    if (!entry.paused) changes.push({ at, room: { cpu: entry.cpu, memory: entry.memory, gpu: entry.gpu ?? 0, slots: 1 } })
    changes.push({ at: at + rest, room: { ports: entry.hostPorts.filter((port) => lendable(port) && !book.foreign.includes(port)).length } })
  }
  const free = {
    cpu: offer.cpu - used.cpu, memory: offer.memory - used.memory, gpu: gpusOf(offer) - used.gpu, slots: offer.slots - used.slots,
    ports: offer.ports[1] - offer.ports[0] + 1 - [...blocked].filter(lendable).length - resting.length,
  }
  return changes.sort((a, b) => a.at - b.at).map(({ at, room }) => {
    for (const kind of Object.keys(free) as Kind[]) free[kind] += room[kind] ?? 0
    return { at, room: { ...free } }
  })
}

const fits = (room: Room, wanted: Room): boolean => enough(wanted.cpu, room.cpu) && wanted.memory <= room.memory &&
  wanted.gpu <= room.gpu && wanted.slots <= room.slots && wanted.ports <= room.ports
