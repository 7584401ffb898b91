/**
 * A site's ledger as plain data, and what fits where. Nothing here knows Temporal: the functions change the ledger that
 * they are given and nothing else, so the story and the property tests run the same code.
 *
 * - Every place is an entry under key + number and counts until it is freed, or proven gone (`reckon.ts`).
 * - A host lends only when the policy lists it, it has spoken lately, it does not drain, and its inventory has been read.
 * - Room on a host is cpu, memory, GPUs, slots and host ports; a paused place counts its ports alone.
 */
import type { Clocks, HostOffer, Lasts, RuntimeKind, SiteTerms } from '../terms.ts'
import { sayCpu, sayGpu } from './amount.ts'
import { freePorts } from './hostports.ts'
import type { Line } from './line.ts'

/** One place that is lent. */
export interface Entry {
  readonly key: string
  readonly number: number
  readonly leaseId: string
  readonly member: string
  readonly host: string
  readonly cpu: number
  readonly memory: number
  readonly gpu?: number
  readonly hostPorts: readonly number[]
  paused?: boolean
  /** The lease waits for `placed`: a first answer, or one more to a request that came again. */
  owed?: boolean
  /** How often in a row its lease was not among the open ones. */
  missed?: number
  /** `readyAt` is the moment of its place until its due time is heard, which tells the true one. */
  lasts?: Lasts
  /** Its lease was told that the host drains. */
  drained?: boolean
}

/** What the ledger knows of a host. */
export interface HostBook {
  readonly host: string
  /** Absent until it has spoken, and again after it was forgotten. */
  offer?: HostOffer
  heard: number
  /** A lease could not reach it: nothing new until it speaks again. */
  silent: boolean
  draining: boolean
  /** Its leases were told that it is lost. */
  lost?: boolean
  /** By an admin: it must be swept before it lends again. */
  forgotten: boolean
  /** Nothing new before its inventory has been read. */
  unread: boolean
  /** Ports that were freed and when, oldest first. */
  freed: (readonly [port: number, at: number])[]
  /** Ports that hold something of ours which no lease claims. */
  foreign: readonly number[]
}

export interface Ledger {
  readonly site: string
  /** Since when this ledger is kept: a host that has not spoken yet is waited for from here. */
  readonly began: number
  /** Silence counts from here at the earliest: the ledger itself was away, so who spoke may have spoken to nobody. */
  awayUntil?: number
  readonly hosts: Record<string, HostBook>
  /** By `placementOf`. */
  readonly entries: Record<string, Entry>
  readonly line: Line
}

/** What a decision looks at besides the ledger. */
export interface View {
  readonly now: number
  /** Absent when the policy lists no such site (any more). */
  readonly terms?: SiteTerms | undefined
  readonly clocks: Clocks
}

/** What a place takes. */
export interface Need {
  readonly cpu: number
  readonly memory: number
  readonly gpu: number
  readonly ports: number
}

export interface Used {
  cpu: number
  memory: number
  gpu: number
  slots: number
  readonly ports: Set<number>
}

export const placementOf = (it: { readonly key: string; readonly number: number }): string => `${it.key}#${it.number}`

export const emptyLedger = (site: string, now: number): Ledger =>
  ({ site, began: now, hosts: {}, entries: {}, line: { turn: 0, waiting: [] } })

/** The book of a host, opened when there is none. */
export function bookOf(ledger: Ledger, host: string): HostBook {
  return ledger.hosts[host] ??= {
    host, heard: 0, silent: false, draining: false, forgotten: false, unread: true, freed: [], foreign: [],
  }
}

/** A host says what it has. The first word, and the first after it was forgotten, leave its inventory to be read. */
export function hearHost(ledger: Ledger, offer: HostOffer, now: number): void {
  const book = bookOf(ledger, offer.host)
  book.offer = offer
  book.heard = now
  book.silent = false
}

/** What is lent of each host, in one pass. */
export function usage(ledger: Ledger): Map<string, Used> {
  const all = new Map<string, Used>()
  for (const host of Object.keys(ledger.hosts)) all.set(host, { cpu: 0, memory: 0, gpu: 0, slots: 0, ports: new Set() })
  for (const entry of Object.values(ledger.entries)) {
    const used = all.get(entry.host)
    if (used) count(used, entry)
  }
  return all
}

/** Adds an entry to what is used. */
export function count(used: Used, entry: Entry): void {
  for (const port of entry.hostPorts) used.ports.add(port)
  if (entry.paused) return
  used.cpu += entry.cpu
  used.memory += entry.memory
  used.gpu += entry.gpu ?? 0
  used.slots += 1
}

export const restMs = (terms: SiteTerms): number => terms.ttlMs + terms.negativeTtlMs

export const isAlive = (book: HostBook, { now, clocks }: View): boolean =>
  book.offer !== undefined && !book.silent && now - book.heard <= clocks.hostSilentMs

/** Whether it may hold places at all now: a paused place may wake up even while its host drains. */
export const isThere = (book: HostBook, view: View): boolean => isAlive(book, view) && !book.unread && !book.forgotten

/** Whether anything new may go there now. */
export const isOpen = (book: HostBook, view: View): boolean =>
  isThere(book, view) && !book.draining && view.terms !== undefined && view.terms.hosts.includes(book.host)

/** Cores are sums of decimal fractions. */
export const enough = (want: number, of: number): boolean => want <= of + 1e-6

/** Whether a host is of one of these kinds; where none are named, any is. */
export const isOfKind = ({ runtime }: HostOffer, on: readonly RuntimeKind[] | undefined): boolean =>
  on === undefined || on.some((kind) => kind === runtime)

/** Whether an empty host of this size could hold it. */
export function couldEver(offer: HostOffer, need: Need): boolean {
  return enough(need.cpu, offer.cpu) && need.memory <= offer.memory && need.gpu <= gpusOf(offer) && offer.slots > 0 &&
    need.ports <= offer.ports[1] - offer.ports[0] + 1
}

export const gpusOf = ({ gpu = 0 }: HostOffer): number => gpu

/** What room is made of. */
export interface Room extends Need {
  readonly slots: number
}

export type Kind = keyof Room

/** What is missing on a host now; empty when it fits. */
export function lacks(book: HostBook, used: Used, need: Need, view: View): Kind[] {
  const { offer } = book
  const missing: Kind[] = []
  if (!offer || !enough(used.cpu + need.cpu, offer.cpu)) missing.push('cpu')
  if (!offer || used.memory + need.memory > offer.memory) missing.push('memory')
  if (need.gpu > 0 && (!offer || used.gpu + need.gpu > gpusOf(offer))) missing.push('gpu')
  if (!offer || used.slots + 1 > offer.slots) missing.push('slots')
  if (need.ports > 0 && !portsFor(book, used, need.ports, view)) missing.push('ports')
  return missing
}

/** `2 cpu and 4 GiB memory` */
export const sayRoom = (kinds: readonly Kind[], room: Room): string => kinds.map((kind) => sayKind[kind](room[kind])).join(' and ')

const sayKind: Readonly<Record<Kind, (amount: number) => string>> = {
  cpu: sayCpu,
  memory: (bytes) => `${size(bytes)} memory`,
  gpu: sayGpu,
  slots: (slots) => (slots === 1 ? 'a slot' : `${slots} slots`),
  ports: (ports) => (ports === 1 ? 'a port' : `${ports} ports`),
}

/** Host ports for a new place, or undefined when too few are free and rested. */
export const portsFor = (book: HostBook, used: Used, ports: number, { now, terms }: View): number[] | undefined =>
  book.offer && freePorts(ports, {
    range: book.offer.ports, used: used.ports, foreign: book.foreign, freed: book.freed, rested: now - (terms ? restMs(terms) : 0),
  })

/** The share of a host that is lent, by its scarcest room: new places go where it is smallest. */
export function load(offer: HostOffer, used: Used): number {
  const gpus = gpusOf(offer)
  return Math.max(used.cpu / offer.cpu, used.memory / offer.memory, used.slots / offer.slots, gpus > 0 ? used.gpu / gpus : 0)
}

/** Bytes as people say them: `4 GiB`. */
export function size(bytes: number): string {
  const [unit, by] = bytes >= 2 ** 30 ? ['GiB', 2 ** 30] as const : ['MiB', 2 ** 20] as const
  return `${Math.round((bytes / by) * 10) / 10} ${unit}`
}
