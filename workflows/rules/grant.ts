/** Who gets a place now: the ledger's answers to `place`, and what `free` gives back. */
import type { Free, Placed, PlaceRequest, Queued, Unplaceable } from '../contract.ts'
import type { RuntimeKind } from '../terms.ts'
import { sayGpu } from './amount.ts'
import { type Ahead, lookAhead, sayFreed } from './freed.ts'
import { resting, restPorts } from './hostports.ts'
import { type Told, advance, join, leave, mostOvertakes, ordered, positionWord, sayFull, type Waiting, worthTelling } from './line.ts'
import {
  type Entry, type HostBook, type Ledger, type Need, type Used, type View, count, couldEver, gpusOf, isOfKind, isOpen, isThere, lacks,
  load, placementOf, portsFor, restMs, sayRoom, size, usage,
} from './placement.ts'

export type Answer =
  | { readonly is: 'placed'; readonly leaseId: string; readonly word: Placed }
  | { readonly is: 'queued'; readonly leaseId: string; readonly word: Queued }
  | { readonly is: 'unplaceable'; readonly leaseId: string; readonly word: Unplaceable }

/**
 * Takes a request in. The same one again gets the same answer again, and keeps its turn with what it says now; one older
 * than what is known is ignored.
 */
export function ask(ledger: Ledger, request: PlaceRequest): void {
  const { key, number } = request
  const waiting = ledger.line.waiting.find((it) => it.request.key === key)
  const known = Object.values(ledger.entries).filter((it) => it.key === key)
  if (known.some((it) => it.number > number) || (waiting && waiting.request.number > number)) return
  if (waiting?.request.number === number) {
    waiting.request = request
    delete waiting.told
    return
  }
  const entry = known.find((it) => it.number === number)
  if (entry && !entry.paused) entry.owed = true
  else join(ledger.line, request, entry?.host)
}

/** Gives back what was lent, or leaves the line. Ports rest from now; a paused place keeps them. */
export function giveBack(ledger: Ledger, { key, number, paused }: Free, view: Pick<View, 'now' | 'terms'>): void {
  leave(ledger.line, key, number)
  const entry = ledger.entries[placementOf({ key, number })]
  if (!entry) return
  if (paused) {
    entry.paused = true
    delete entry.drained
  } else drop(ledger, entry, view)
}

/** Strikes an entry out; its ports rest. */
export function drop(ledger: Ledger, entry: Entry, { now, terms }: Pick<View, 'now' | 'terms'>): void {
  delete ledger.entries[placementOf(entry)]
  const book = ledger.hosts[entry.host]
  if (book) book.freed = restPorts(book.freed, entry.hostPorts, { now, restMs: terms ? restMs(terms) : 0 })
}

/** Places whom it can, in the line's order, and says who is to be told what. */
export function grant(ledger: Ledger, view: View): Answer[] {
  const used = usage(ledger), answers: Answer[] = []
  const passed: Waiting[] = [], reserved = new Set<string>()
  for (const entry of Object.values(ledger.entries)) if (entry.owed) place(ledger, entry, view, answers)
  for (const it of ordered(ledger.line)) {
    const never = neverFits(ledger, it, view)
    if (never) {
      const { key, number, leaseId } = it.request
      answers.push({ is: 'unplaceable', leaseId, word: { key, number, ...never } })
      leave(ledger.line, key)
      continue
    }
    const book = hostFor(ledger, it, used, view, reserved)
    if (book) {
      leave(ledger.line, it.request.key)
      const entry = enter(ledger, it, book, used.get(book.host)!, view)
      place(ledger, entry, view, answers)
      for (const before of passed) if (mayRun(book, before, view)) before.overtaken++
    } else {
      passed.push(it)
      reserve(ledger, it, { used, view, reserved })
    }
  }
  advance(ledger.line)
  const ahead = lookAhead(ledger, used, view)
  passed.forEach((it, i) => answers.push(...tellWaiting(ledger, it, { position: i + 1, used, view, ahead })))
  return answers
}

const needOf = (it: Waiting): Need =>
  ({ cpu: it.request.cpu, memory: it.request.memory, gpu: it.request.gpu ?? 0, ports: it.resumes === undefined ? it.request.ports : 0 })

/** Whether this host is one where it could run, apart from what is lent there now; not one that has just said that it is full. */
function mayRun(book: HostBook, it: Waiting, view: View): boolean {
  if (it.resumes !== undefined) return book.host === it.resumes && isThere(book, view)
  const { on, full } = it.request
  return isOpen(book, view) && isOfKind(book.offer!, on) && couldEver(book.offer!, needOf(it)) && !full?.some(({ host }) => host === book.host)
}

/** Hosts where it could run; those that have just failed it only when there is no other. */
function candidates(ledger: Ledger, it: Waiting, view: View): HostBook[] {
  const all = Object.values(ledger.hosts).filter((book) => mayRun(book, it, view))
  const rest = all.filter((book) => !it.request.avoid?.includes(book.host))
  return rest.length > 0 ? rest : all
}

/** Least lent first, then by name. */
function hostFor(ledger: Ledger, it: Waiting, used: Map<string, Used>, view: View, reserved: ReadonlySet<string>) {
  return byLoad(candidates(ledger, it, view), used)
    .find((book) => !reserved.has(book.host) && lacks(book, used.get(book.host)!, needOf(it), view).length === 0)
}

const byLoad = (books: readonly HostBook[], used: Map<string, Used>): HostBook[] =>
  [...books].sort((a, b) => load(a.offer!, used.get(a.host)!) - load(b.offer!, used.get(b.host)!) || (a.host < b.host ? -1 : 1))

/** Keeps one host for a request that was overtaken often enough; the same one as long as it could run there. */
function reserve(ledger: Ledger, it: Waiting, { used, view, reserved }: { used: Map<string, Used>; view: View; reserved: Set<string> }) {
  if (it.overtaken < mostOvertakes) return
  const free = byLoad(candidates(ledger, it, view), used).filter((book) => !reserved.has(book.host))
  const host = (free.find((book) => book.host === it.reserved) ?? free[0])?.host
  if (host === undefined) delete it.reserved
  else reserved.add(it.reserved = host)
}

function enter(ledger: Ledger, it: Waiting, book: HostBook, used: Used, view: View): Entry {
  const { key, number, leaseId, member, cpu, memory, gpu, ports, lasts } = it.request
  const paused = ledger.entries[placementOf(it.request)]
  const entry: Entry = it.resumes !== undefined && paused
    ? { ...paused, paused: false, owed: true }
    : {
      key, number, leaseId, member, cpu, memory, ...(gpu !== undefined && { gpu }), host: book.host, hostPorts: portsFor(book, used, ports, view)!, owed: true,
      ...(lasts && { lasts: { readyAt: view.now, ...lasts } }),
    }
  delete entry.drained
  ledger.entries[placementOf(entry)] = entry
  count(used, entry)
  return entry
}

/** Answers a lease that has its place; a host that has not spoken since the ledger was rebuilt has no address yet. */
function place(ledger: Ledger, entry: Entry, view: View, answers: Answer[]): void {
  const offer = ledger.hosts[entry.host]?.offer
  if (!offer || !view.terms) return
  delete entry.owed
  const { key, number, host, hostPorts, leaseId } = entry
  const { address, addresses, runtime } = offer
  const at = {
    site: ledger.site, host, number, address, zone: view.terms.zone, hostPorts,
    ...(addresses && { addresses }), ...(runtime === 'kubernetes' && { runtime }),
  }
  answers.push({ is: 'placed', leaseId, word: { key, place: at } })
}

/** Why this site can never fit it; undefined while it might. A listed host that has not spoken yet gets its time. */
function neverFits(ledger: Ledger, it: Waiting, view: View): Never | undefined {
  const { terms, now, clocks } = view
  if (!terms) return { sentence: `The policy lists no site ${ledger.site} any more.` }
  if (it.resumes !== undefined) {
    return ledger.entries[placementOf(it.request)] ? undefined : { sentence: `Its place on ${it.resumes} is gone.` }
  }
  const offers = terms.hosts.flatMap((host) => ledger.hosts[host]?.offer ?? [])
  const { on } = it.request, need = needOf(it), alike = offers.filter((offer) => isOfKind(offer, on))
  if (offers.length === 0 || alike.some((offer) => couldEver(offer, need))) return undefined
  const unheard = terms.hosts.filter((host) => !ledger.hosts[host]?.offer && !ledger.hosts[host]?.forgotten)
  if (unheard.length > 0 && now - ledger.began <= clocks.hostSilentMs) return undefined
  if (alike.length === 0) return { sentence: `No host of ${ledger.site} is of the kind ${sayKinds(on)}.`, next: 'Ask for another kind of host, or for another site.' }
  const gpus = Math.max(...alike.map(gpusOf)), of = on ? `${sayKinds(on)} host` : 'host'
  if (need.gpu > gpus) return { sentence: `No ${of} of ${ledger.site} has ${gpus === 0 ? 'a GPU' : `${sayGpu(need.gpu)}: the most is ${gpus}`}.` }
  const most = `${Math.max(...alike.map((o) => o.cpu))} cpu and ${size(Math.max(...alike.map((o) => o.memory)))} memory`
  return { sentence: `No ${of} of ${ledger.site} is big enough: the largest have ${most}.` }
}

type Never = Pick<Unplaceable, 'sentence' | 'next'>

const sayKinds = (on: readonly RuntimeKind[] = []): string => on.join(' or ')

interface Look {
  readonly used: Map<string, Used>
  readonly view: View
  readonly ahead: Ahead
}

/** What it waits for, in words: what its likeliest host lacks, and when a host that lacks the same has room. */
function reasonOf(ledger: Ledger, it: Waiting, { used, view, ahead }: Look): Pick<Told, 'reason' | 'freed'> {
  if (it.resumes !== undefined && !candidates(ledger, it, view)[0]) return { reason: `waits for its host ${it.resumes} to speak` }
  const books = byLoad(candidates(ledger, it, view), used), need = needOf(it)
  if (books.length === 0) {
    const { full, on } = it.request
    if (full?.length) return { reason: `waits for ${sayFull(full)}` }
    const open = Object.values(ledger.hosts).filter((book) => isOpen(book, view)), there = open.length > 0
    if (there && !open.some((book) => isOfKind(book.offer!, on))) return { reason: `waits: no ${sayKinds(on)} host of this site is there` }
    return { reason: there ? 'waits for a host that is big enough' : 'waits: no host of this site is there' }
  }
  const missing = books.map((book) => lacks(book, used.get(book.host)!, need, view))
  const least = missing.reduce((a, b) => (b.length < a.length ? b : a))
  if (least.length === 0) return { reason: 'waits for its turn' }
  const alike = books.filter((_, i) => missing[i]!.join() === least.join())
  return { reason: `waits for ${sayRoom(least, { ...need, slots: 1 })}`, freed: ahead(alike, need, least) }
}

function tellWaiting(ledger: Ledger, it: Waiting, look: Look & { readonly position: number }): Answer[] {
  const { position } = look, now: Told = { position, ...reasonOf(ledger, it, look) }
  if (!worthTelling(it.told, now, look.view.now)) return []
  it.told = now
  const { key, number, leaseId } = it.request, { reason, freed } = now
  const said = [reason, positionWord(position), ...(freed ? [sayFreed(freed)] : [])].join('; ')
  return [{ is: 'queued', leaseId, word: { key, number, position, reason: said } }]
}

/** When a port has rested that somebody in the line may get; undefined when nobody waits for one. */
export function portRestsUntil(ledger: Ledger, view: View): number | undefined {
  if (!view.terms || !ledger.line.waiting.some((it) => it.told?.reason.includes('port'))) return undefined
  const rest = { now: view.now, restMs: restMs(view.terms) }
  const ends = Object.values(ledger.hosts).flatMap((book) => resting(book.freed, rest).firstAt ?? [])
  return ends.length > 0 ? Math.min(...ends) : undefined
}
