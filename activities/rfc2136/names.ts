/**
 * The `Names` port by signed, conditional updates (RFC 2136, RFC 8945). Nothing is ever written blind:
 *
 * | step | prerequisites | updates | when they fail |
 * |---|---|---|---|
 * | claim | `n` and each `s` not in use | add each A and AAAA, SRV, TXT | look who holds it |
 * | claim over SRV records without an owner | `n` not in use | delete SRV at each `s`; add | look again |
 * | re-claim, move, new ports | TXT at `n` is what we saw | delete our RRsets; add | look again |
 * | release | TXT at `n` is what we saw | delete our RRsets at `n`, SRV at each `s` of the TXT | look again |
 *
 * `n` is the lease's name, `s` its SRV names. A look is a signed question to the primary; who may do what by what it
 * shows is the table of `standing` (workflows/rules/naming.ts). RRsets are deleted one by one, because Knot refuses
 * "delete name" under a list of types. Every call ends before its deadline and sends nothing after it: TSIG has no nonce,
 * so a late claim could bring a released name back.
 */
import { isIPv6 } from 'node:net'
import { NameConflict, NameInvalid, type NameOwner, type NameRecords, type Names, type OwnedName } from '../../workflows/ports.ts'
import { fqdn, servicesOf, srvName, standing } from '../../workflows/rules/naming.ts'
import type { Marks } from '../mark.ts'
import { checkOwner, checkRecords, checkZone } from './check.ts'
import { dnsClass, rcode, type } from './codes.ts'
import { addressData, deleteRecord, deleteRrset, nameNotInUse, rrsetEquals, srvData, type Update, type WireRecord } from './encode.ts'
import { Gate } from './gate.ts'
import { ownerData, seeOwner, type Seen } from './owner.ts'
import { Server, type Nameserver } from './server.ts'
import { listOwned } from './list.ts'
import { NameserverTrouble, refusedUpdate } from './trouble.ts'

/** Milliseconds. */
export interface NameTimeouts {
  /** Until one question counts as not answered. Well above the second for which Knot sometimes stalls. */
  readonly answerMs: number
  /** Until a whole claim or release gives up. Well below the time that its activity has. */
  readonly callMs: number
  readonly transferMs: number
}

export const nameTimeouts: NameTimeouts = { answerMs: 4_000, callMs: 12_000, transferMs: 25_000 }

export interface Rfc2136Options {
  /** The primary of each zone and the key that may write there. Zones are lower-case, without a trailing dot. */
  readonly zones: Readonly<Record<string, Nameserver>>
  readonly marks: Marks
  readonly timeouts?: Partial<NameTimeouts>
  /** Our clock in seconds, for tests. */
  readonly now?: () => number
}

/** Knot answers whole bulks at once, and fails innocent neighbours of a bad one; more in flight gains nothing. */
const updatesInFlight = 64
/** Looks at a name that changes under us before a call gives up. */
const rounds = 8

export function createRfc2136Names(options: Rfc2136Options): Names & { close(): Promise<void> } {
  const { marks } = options
  const timeouts = { ...nameTimeouts, ...options.timeouts }
  const zones = new Map(Object.entries(options.zones).map(([zone, nameserver]) =>
    [zone, { server: new Server(nameserver, options.now), gate: new Gate(updatesInFlight) }] as const))

  const of = (zone: string) => {
    const found = zones.get(zone)
    if (!found) throw new NameserverTrouble(`No nameserver is configured for the zone ${zone}.`)
    return found
  }
  const within = (deadline: number) => {
    if (Date.now() >= deadline) throw new NameserverTrouble('The nameserver took too long.')
    return Math.min(deadline, Date.now() + timeouts.answerMs)
  }

  /** True when it was done, false when a prerequisite failed. A failure inside the server is tried again. */
  const update = async (update: Update, deadline: number): Promise<boolean> => {
    const { server, gate } = of(update.zone)
    for (let pauseMs = 20; ; pauseMs *= 2) {
      const code = await gate.through(() => server.update(update, within(deadline)))
      if (code === rcode.NOERROR) return true
      if (prerequisiteFailed.has(code)) return false
      if (code !== rcode.SERVFAIL || Date.now() + pauseMs > deadline || pauseMs > 1_000) throw refusedUpdate(code, update.zone)
      await new Promise((done) => setTimeout(done, pauseMs * (0.5 + Math.random())))
    }
  }

  const look = async (owner: NameOwner, deadline: number): Promise<Seen> => {
    const name = fqdn(owner.label, owner.zone)
    const txt = await of(owner.zone).server.read({ name, type: type.TXT }, within(deadline))
    return seeOwner(marks, owner, txt.filter((record) => record.class === dnsClass.IN).map((record) => record.data))
  }

  return {
    async claim(records) {
      checkRecords(records)
      const { zone, label } = records, name = fqdn(label, zone), deadline = Date.now() + timeouts.callMs
      const services = servicesOf(records.ports.map(({ port }) => port))
      const first = claimUpdate(marks, records), adds = first.updates
      if (await update(first, deadline)) return
      let unowned = 0
      for (let round = 0; round < rounds; round++) {
        const seen = await look(records, deadline)
        const may = standing(seen.holder, records)
        if (may === 'theirs') throw new NameConflict(`${name} belongs to somebody else.`)
        if (may === 'stale') throw new NameConflict(`A newer placement of this lease holds ${name}.`)
        const done = may === 'ours'
          ? await update({ zone, prerequisites: rrsetEquals(name, type.TXT, seen.txt), updates: [...removal(records, seen, services), ...adds] }, deadline)
          : await update({ zone, prerequisites: [nameNotInUse(name)], updates: [...srvRemoval(records, services), ...adds] }, deadline)
        if (done) return
        if (may === 'free' && ++unowned === 3) throw new NameConflict(`${name} is in use by records that are no lease's.`)
      }
      throw new NameserverTrouble(`${name} changes hands too fast.`)
    },

    async release(owner) {
      checkOwner(owner)
      const name = fqdn(owner.label, owner.zone), deadline = Date.now() + timeouts.callMs
      for (let round = 0; round < rounds; round++) {
        const seen = await look(owner, deadline)
        if (standing(seen.holder, owner) !== 'ours') return
        const prerequisites = rrsetEquals(name, type.TXT, seen.txt)
        if (await update({ zone: owner.zone, prerequisites, updates: removal(owner, seen, []) }, deadline)) return
      }
      throw new NameserverTrouble(`${name} changes hands too fast.`)
    },

    async isClaimed(owner) {
      checkOwner(owner)
      return standing((await look(owner, Date.now() + timeouts.callMs)).holder, owner) === 'ours'
    },

    async list(zone): Promise<readonly OwnedName[]> {
      checkZone(zone)
      return listOwned({ server: of(zone).server, marks, zone, deadline: Date.now() + timeouts.transferMs })
    },

    async close() {
      await Promise.all([...zones.values()].map(({ server }) => server.close()))
    },
  }
}

const prerequisiteFailed: ReadonlySet<number> = new Set([rcode.YXDOMAIN, rcode.YXRRSET, rcode.NXDOMAIN, rcode.NXRRSET])

/** The first step of a claim, which is all of it when the name is free. */
export function claimUpdate(marks: Marks, records: NameRecords): Update {
  const { zone, label } = records, services = servicesOf(records.ports.map(({ port }) => port))
  const unused = [fqdn(label, zone), ...services.map((service) => srvName(service, label, zone))].map(nameNotInUse)
  return { zone, prerequisites: unused, updates: recordsOf(marks, records, services) }
}

/** RFC 2782: a target of "." says that the service is decidedly not available at this domain. */
const asleepData = srvData(0, '')

/** What a claim adds. */
function recordsOf(marks: Marks, records: NameRecords, services: readonly string[]): WireRecord[] {
  const { label, zone, address, addresses = [address] } = records, name = fqdn(label, zone)
  const ttl = Math.max(1, Math.round(records.ttlMs / 1000))
  const add = (at: string, rrtype: number, data: Buffer): WireRecord => ({ name: at, type: rrtype, class: dnsClass.IN, ttl, data })
  try {
    return [
      ...[...new Set(addresses)].map((one) => add(name, isIPv6(one) ? type.AAAA : type.A, addressData(one))),
      ...records.ports.map(({ hostPort }, index) => add(srvName(services[index]!, label, zone), type.SRV,
        records.asleep ? asleepData : srvData(hostPort, name))),
      add(name, type.TXT, ownerData(marks, records, services)),
    ]
  } catch (error) {
    if (error instanceof RangeError) throw new NameInvalid(error.message)
    throw error
  }
}

/** Takes away what we saw of ours, and SRV records where new ones will stand. A foreign TXT beside ours stays. */
function removal(owner: NameOwner, seen: Seen, services: readonly string[]): WireRecord[] {
  const name = fqdn(owner.label, owner.zone)
  return [
    ...[type.A, type.AAAA, type.HTTPS].map((rrtype) => deleteRrset(name, rrtype)),
    ...seen.ours.map((data) => deleteRecord(name, type.TXT, data)),
    ...srvRemoval(owner, [...new Set([...seen.services, ...services])]),
  ]
}

const srvRemoval = ({ label, zone }: NameOwner, services: readonly string[]): WireRecord[] =>
  services.map((service) => deleteRrset(srvName(service, label, zone), type.SRV))
