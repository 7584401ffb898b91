/** Reads a message off the wire. Whatever is not well-formed throws `Malformed`: it came from a network. */

/** The bytes are not a DNS message. */
export class Malformed extends Error {
  override name = 'Malformed'
}

export interface ReadRecord {
  /** Lower-case, without a trailing dot; odd octets as `\ddd` (RFC 1035, 5.1). */
  readonly name: string
  readonly type: number
  readonly class: number
  readonly ttl: number
  /** As it stands in the message: names in it may be compressed. */
  readonly data: Buffer
  /** Offsets in the message. */
  readonly start: number
  readonly dataStart: number
  readonly end: number
}

export interface Message {
  readonly wire: Buffer
  readonly id: number
  readonly isReply: boolean
  readonly opcode: number
  readonly authoritative: boolean
  readonly truncated: boolean
  readonly rcode: number
  readonly questions: readonly { readonly name: string; readonly type: number; readonly class: number }[]
  /** In an UPDATE these two are prerequisites and updates. */
  readonly answers: readonly ReadRecord[]
  readonly authority: readonly ReadRecord[]
  readonly additional: readonly ReadRecord[]
}

export function decode(wire: Buffer): Message {
  if (wire.length < 12) throw new Malformed('A DNS message has at least 12 octets.')
  let at = 12
  const flags = wire.readUInt16BE(2)
  const questions = times(wire.readUInt16BE(4), () => {
    const { name, next } = readName(wire, at)
    need(wire, next, 4)
    at = next + 4
    return { name, type: wire.readUInt16BE(next), class: wire.readUInt16BE(next + 2) }
  })
  const section = (count: number) => times(count, () => {
    const record = readRecord(wire, at)
    at = record.end
    return record
  })
  const answers = section(wire.readUInt16BE(6)), authority = section(wire.readUInt16BE(8)), additional = section(wire.readUInt16BE(10))
  if (at !== wire.length) throw new Malformed('Octets follow the last record.')
  return {
    wire, id: wire.readUInt16BE(0), isReply: (flags & 0x8000) !== 0, opcode: flags >> 11 & 15, authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0, rcode: flags & 15, questions, answers, authority, additional,
  }
}

/** A name at an offset, and where it ends. Pointers only lead backwards, so no name is endless. */
export function readName(wire: Buffer, start: number): { readonly name: string; readonly next: number } {
  let name = '', at = start, next: number | undefined, lowest = start, length = 1
  for (;;) {
    need(wire, at, 1)
    const octet = wire.readUInt8(at)
    if (octet === 0) return { name, next: next ?? at + 1 }
    if (octet >= 0xc0) {
      need(wire, at, 2)
      next ??= at + 2
      at = wire.readUInt16BE(at) & 0x3fff
      if (at >= lowest) throw new Malformed('A compressed name points forward.')
      lowest = at
      continue
    }
    if (octet > 63) throw new Malformed('A label has more than 63 octets.')
    need(wire, at + 1, octet)
    length += octet + 1
    if (length > 255) throw new Malformed('A name has more than 255 octets.')
    if (name !== '') name += '.'
    const end = at + 1 + octet
    for (at++; at < end; at++) name += shown[wire[at]!]
  }
}

/** Port and target of an SRV record. */
export function readSrv({ wire }: Pick<Message, 'wire'>, record: ReadRecord): { readonly port: number; readonly target: string } {
  if (record.data.length < 7) throw new Malformed('An SRV record is cut off.')
  return { port: record.data.readUInt16BE(4), target: readName(wire, record.dataStart + 6).name }
}

/** Strings of a TXT record. */
export function readTxt(data: Buffer): string[] {
  const strings: string[] = []
  for (let at = 0; at < data.length;) {
    const length = data.readUInt8(at)
    need(data, at + 1, length)
    strings.push(data.toString('utf8', at + 1, at + 1 + length))
    at += length + 1
  }
  return strings
}

function readRecord(wire: Buffer, start: number): ReadRecord {
  const { name, next } = readName(wire, start)
  need(wire, next, 10)
  const length = wire.readUInt16BE(next + 8), dataStart = next + 10
  need(wire, dataStart, length)
  return {
    name, type: wire.readUInt16BE(next), class: wire.readUInt16BE(next + 2), ttl: wire.readUInt32BE(next + 4),
    data: wire.subarray(dataStart, dataStart + length), start, dataStart, end: dataStart + length,
  }
}

/** How each octet of a label reads. */
const shown: readonly string[] = Array.from({ length: 256 }, (_, octet) => {
  const letter = String.fromCharCode(octet)
  return /[A-Za-z0-9_*-]/.test(letter) ? letter.toLowerCase() : '\\' + String(octet).padStart(3, '0')
})

function need(wire: Buffer, at: number, octets: number): void {
  if (at + octets > wire.length) throw new Malformed('The message is cut off.')
}

/** At most one element per octet that is there, whatever the count claims. */
function times<Item>(count: number, read: () => Item): Item[] {
  const items: Item[] = []
  while (items.length < count) items.push(read())
  return items
}
