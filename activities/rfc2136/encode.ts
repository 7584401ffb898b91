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

export const u16 = (value: number): Buffer => Buffer.from([value >> 8 & 255, value & 255])

/** A name of ASCII labels; throws `RangeError` for what the wire cannot hold. */
export function wireName(name: string): Buffer {
  if (name === '') return Buffer.from([0])
  if (name.length > 253) throw new RangeError(`${JSON.stringify(name)} is too long for a DNS name.`)
  const wire = Buffer.alloc(name.length + 2)
  wire.write(name.toLowerCase(), 1, 'latin1')
  // Each dot becomes the length of the label behind it; a text of other than ASCII would not keep its length.
  for (let at = 1, lengthAt = 0; at < wire.length; at++) {
    if (at <= name.length && name.charCodeAt(at - 1) > 127) throw new RangeError(`${JSON.stringify(name)} is not a DNS name.`)
    if (at <= name.length && name.charCodeAt(at - 1) !== dot) continue
    const length = at - lengthAt - 1
    if (length < 1 || length > 63) throw new RangeError(`${JSON.stringify(name)} is not a DNS name.`)
    wire[lengthAt] = length
    lengthAt = at
  }
  wire[wire.length - 1] = 0
  return wire
}

const dot = 46

export function wireRecord(record: WireRecord): Buffer {
  const name = wireName(record.name)
  const wire = Buffer.alloc(name.length + 10 + record.data.length)
  wire.set(name)
  wire.writeUInt16BE(record.type, name.length)
  wire.writeUInt16BE(record.class, name.length + 2)
  wire.writeUInt32BE(record.ttl, name.length + 4)
  wire.writeUInt16BE(record.data.length, name.length + 8)
  wire.set(record.data, name.length + 10)
  return wire
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
  return Buffer.concat(strings.flatMap((string) => {
    const octets = Buffer.from(string)
    if (octets.length > 255) throw new RangeError('A TXT string holds at most 255 octets.')
    return [Buffer.from([octets.length]), octets]
  }))
}

/** RDATA of an SRV record with priority and weight 0. */
export const srvData = (port: number, target: string): Buffer => Buffer.concat([u16(0), u16(0), u16(port), wireName(target)])

// Prerequisites and updates (RFC 2136, 2.4 and 2.5): the TTL is 0 but for an add.

export const nameNotInUse = (name: string): WireRecord => ({ name, type: type.ANY, class: dnsClass.NONE, ttl: 0, data: empty })
/** The RRset equals exactly these; one record per member. */
export const rrsetEquals = (name: string, rrtype: number, members: readonly Buffer[]): WireRecord[] =>
  members.map((data) => ({ name, type: rrtype, class: dnsClass.IN, ttl: 0, data }))
export const deleteRrset = (name: string, rrtype: number): WireRecord => ({ name, type: rrtype, class: dnsClass.ANY, ttl: 0, data: empty })
export const deleteRecord = (name: string, rrtype: number, data: Buffer): WireRecord => ({ name, type: rrtype, class: dnsClass.NONE, ttl: 0, data })

/** An UPDATE without its signature. */
export function encodeUpdate(update: Update, id: number): Buffer {
  return Buffer.concat([
    header(id, opcode.UPDATE << 11, [1, update.prerequisites.length, update.updates.length]),
    wireName(update.zone), u16(type.SOA), u16(dnsClass.IN),
    ...update.prerequisites.map(wireRecord), ...update.updates.map(wireRecord),
  ])
}

/** A question without its signature; type AXFR asks for the zone. */
export function encodeQuery(question: { readonly name: string; readonly type: number }, id: number): Buffer {
  return Buffer.concat([header(id, opcode.QUERY << 11, [1, 0, 0]), wireName(question.name), u16(question.type), u16(dnsClass.IN)])
}

const header = (id: number, flags: number, counts: readonly [number, number, number]): Buffer =>
  Buffer.concat([id, flags, ...counts, 0].map(u16))
