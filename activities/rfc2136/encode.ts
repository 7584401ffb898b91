/** Puts names, records and messages on the wire: big-endian, names uncompressed and lower-case (RFC 1035, RFC 2136). */
import { isIPv6 } from 'node:net'
import { dnsClass, opcode, type } from './codes.ts'

/** A record as it is sent. An empty `data` with class ANY or NONE is a prerequisite or a delete (RFC 2136, 2.4 and 2.5). */
export interface WireRecord {
  /** Without a trailing dot. */
  readonly name: string
  readonly type: number
  readonly class: number
  /** Seconds. */
  readonly ttl: number
  readonly data: Buffer
}

export interface Update {
  readonly zone: string
  readonly prerequisites: readonly WireRecord[]
  readonly updates: readonly WireRecord[]
}

const empty = Buffer.alloc(0)
const dot = 46

export const u16 = (value: number): Buffer => Buffer.from([value >> 8 & 255, value & 255])

/** A name of ASCII labels; throws `RangeError` for what the wire cannot hold. */
export function wireName(name: string): Buffer {
  const wire = Buffer.allocUnsafe(nameSize(name))
  putName(wire, name, 0)
  return wire
}

export function wireRecord(record: WireRecord): Buffer {
  const wire = Buffer.allocUnsafe(recordSize(record))
  putRecord(wire, record, 0)
  return wire
}

// Sizes are known before anything is written, so that a message is one piece of memory; each `put` returns where it ended.

const nameSize = (name: string): number => name === '' ? 1 : name.length + 2
const recordSize = ({ name, data }: WireRecord): number => nameSize(name) + 10 + data.length

function putName(wire: Buffer, name: string, start: number): number {
  if (name === '') return wire.writeUInt8(0, start)
  if (name.length > 253) throw new RangeError(`${JSON.stringify(name)} is too long for a DNS name.`)
  // Each dot becomes the length of the label behind it, and the first label's length stands before the text.
  for (let at = 0, label = 0; at <= name.length; at++) {
    const code = at < name.length ? name.charCodeAt(at) : dot
    if (code === dot) {
      const length = at - label
      if (length < 1 || length > 63) throw new RangeError(`${JSON.stringify(name)} is not a DNS name.`)
      wire[start + label] = length
      label = at + 1
    } else {
      if (code > 127) throw new RangeError(`${JSON.stringify(name)} is not a DNS name.`)
      wire[start + 1 + at] = code >= 65 && code <= 90 ? code + 32 : code // lower-case
    }
  }
  return wire.writeUInt8(0, start + 1 + name.length)
}

function putRecord(wire: Buffer, record: WireRecord, start: number): number {
  const at = putName(wire, record.name, start)
  wire.writeUInt16BE(record.type, at)
  wire.writeUInt16BE(record.class, at + 2)
  wire.writeUInt32BE(record.ttl, at + 4)
  wire.writeUInt16BE(record.data.length, at + 8)
  wire.set(record.data, at + 10)
  return at + 10 + record.data.length
}

/** RDATA of an A or AAAA record. `address` has passed `net.isIP`. */
export function addressData(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number))
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const pair = (high: number, low: number) => (Number(dotted?.[high]) << 8 | Number(dotted?.[low])).toString(16)
  const text = dotted ? `${dotted[1]}${pair(2, 3)}:${pair(4, 5)}` : address
  const [left = [], right = []] = text.split('::').map((half) => half.split(':').filter((group) => group !== ''))
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
  return Buffer.concat(groups.map((group) => u16(Number.parseInt(group, 16))))
}

/** RDATA of a TXT record: strings of at most 255 octets. */
export function txtData(strings: readonly string[]): Buffer {
  const data = Buffer.from(strings.map((string) => `\0${string}`).join('')) // each zero becomes the length of the string behind it
  let at = 0
  for (const string of strings) {
    const length = Buffer.byteLength(string)
    if (length > 255) throw new RangeError('A TXT string holds at most 255 octets.')
    data[at] = length
    at += length + 1
  }
  return data
}

/** RDATA of an SRV record with priority and weight 0. */
export function srvData(port: number, target: string): Buffer {
  const data = Buffer.allocUnsafe(6 + nameSize(target))
  data.writeUInt32BE(0, 0)
  data.writeUInt16BE(port, 4)
  putName(data, target, 6)
  return data
}

// Prerequisites and updates (RFC 2136, 2.4 and 2.5): the TTL is 0 but for an add.

export const nameNotInUse = (name: string): WireRecord => ({ name, type: type.ANY, class: dnsClass.NONE, ttl: 0, data: empty })
/** The RRset equals exactly these; one record per member. */
export const rrsetEquals = (name: string, rrtype: number, members: readonly Buffer[]): WireRecord[] =>
  members.map((data) => ({ name, type: rrtype, class: dnsClass.IN, ttl: 0, data }))
export const deleteRrset = (name: string, rrtype: number): WireRecord => ({ name, type: rrtype, class: dnsClass.ANY, ttl: 0, data: empty })
export const deleteRecord = (name: string, rrtype: number, data: Buffer): WireRecord => ({ name, type: rrtype, class: dnsClass.NONE, ttl: 0, data })

/** An UPDATE without its signature. */
export function encodeUpdate({ zone, prerequisites, updates }: Update, id: number): Buffer {
  const head = { id, opcode: opcode.UPDATE, counts: [prerequisites.length, updates.length], name: zone, type: type.SOA } as const
  return encode(head, [...prerequisites, ...updates])
}

/** A question without its signature; type AXFR asks for the zone. */
export function encodeQuery(question: { readonly name: string; readonly type: number }, id: number): Buffer {
  return encode({ id, opcode: opcode.QUERY, counts: [0, 0], ...question }, [])
}

/** Header and question; an UPDATE's question is its zone (RFC 2136, 2.3). */
interface Head {
  readonly id: number
  readonly opcode: number
  /** Records of the answer and the authority section. */
  readonly counts: readonly [number, number]
  readonly name: string
  readonly type: number
}

function encode(head: Head, records: readonly WireRecord[]): Buffer {
  let size = 12 + nameSize(head.name) + 4
  for (const record of records) size += recordSize(record)
  const wire = Buffer.allocUnsafe(size)
  wire.writeUInt16BE(head.id, 0)
  wire.writeUInt16BE(head.opcode << 11, 2)
  wire.writeUInt16BE(1, 4)
  wire.writeUInt16BE(head.counts[0], 6)
  wire.writeUInt16BE(head.counts[1], 8)
  wire.writeUInt16BE(0, 10)
  let at = putName(wire, head.name, 12)
  wire.writeUInt16BE(head.type, at)
  wire.writeUInt16BE(dnsClass.IN, at + 2)
  at += 4
  for (const record of records) at = putRecord(wire, record, at)
  return wire
}
