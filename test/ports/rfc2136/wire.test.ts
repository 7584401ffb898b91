import fc from 'fast-check'
import { expect, it } from 'vitest'
import { dnsClass, opcode, type } from '../../../activities/rfc2136/codes.ts'
import { Malformed, decode, readName, readSrv, readTxt, type ReadRecord } from '../../../activities/rfc2136/decode.ts'
import {
  addressData, deleteRecord, deleteRrset, encodeQuery, encodeUpdate, nameNotInUse, rrsetEquals, srvData, txtData, wireName,
  type WireRecord,
} from '../../../activities/rfc2136/encode.ts'
import { readyKey, sign, type TsigKey } from '../../../activities/rfc2136/tsig.ts'

const label = fc.stringMatching(/^[a-z0-9_-]{1,63}$/)
const name = fc.array(label, { minLength: 1, maxLength: 6 }).map((labels) => labels.join('.')).filter((text) => text.length <= 253)
const octets = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array))
const record: fc.Arbitrary<WireRecord> = fc.record({
  name, type: fc.integer({ min: 1, max: 249 }), class: fc.constantFrom(...Object.values(dnsClass)),
  ttl: fc.integer({ min: 0, max: 2 ** 31 - 1 }), data: octets(300),
})
const sent = ({ name, type, class: its, ttl, data }: ReadRecord): WireRecord => ({ name, type, class: its, ttl, data: Buffer.from(data) })
const id = fc.integer({ min: 0, max: 65_535 })

it('an update reads back as it was written', () => {
  fc.assert(fc.property(name, fc.array(record, { maxLength: 5 }), fc.array(record, { maxLength: 5 }), id, (zone, prerequisites, updates, id) => {
    const message = decode(encodeUpdate({ zone, prerequisites, updates }, id))
    expect(message).toMatchObject({ id, opcode: opcode.UPDATE, isReply: false, rcode: 0, additional: [] })
    expect(message.questions).toEqual([{ name: zone, type: type.SOA, class: dnsClass.IN }])
    expect(message.answers.map(sent)).toEqual(prerequisites)
    expect(message.authority.map(sent)).toEqual(updates)
  }))
})

it('a question reads back as it was written', () => {
  fc.assert(fc.property(name, id, (name, id) => {
    const message = decode(encodeQuery({ name, type: type.TXT }, id))
    expect(message).toMatchObject({ id, opcode: opcode.QUERY, questions: [{ name, type: type.TXT, class: dnsClass.IN }] })
  }))
})

it('TXT strings read back as they were written', () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 60 }).filter((text) => Buffer.byteLength(text) <= 255)), (strings) => {
    expect(readTxt(txtData(strings))).toEqual(strings)
  }))
})

it('an SRV record reads back as it was written', () => {
  fc.assert(fc.property(id, name, (port, target) => {
    const wire = encodeUpdate({ zone: 'a', prerequisites: [], updates: [{ name: 'b', type: type.SRV, class: 1, ttl: 1, data: srvData(port, target) }] }, 1)
    const message = decode(wire)
    expect(readSrv(message, message.authority[0]!)).toEqual({ port, target })
  }))
})

it('an IPv4 address takes 4 octets', () => {
  fc.assert(fc.property(fc.ipV4(), (address) => {
    expect([...addressData(address)].join('.')).toBe(address)
  }))
})

it('an IPv6 address takes 16 octets, however it is written', () => {
  fc.assert(fc.property(fc.ipV6(), (address) => {
    const data = addressData(address)
    const groups = [...Array(8).keys()].map((group) => data.readUInt16BE(group * 2).toString(16)).join(':')
    expect(data).toHaveLength(16)
    expect(new URL(`http://[${groups}]/`).hostname).toBe(new URL(`http://[${address}]/`).hostname)
  }))
})

it('the prerequisites and updates of RFC 2136 have their classes, and no TTL', () => {
  expect(nameNotInUse('a')).toMatchObject({ type: 255, class: 254, ttl: 0, data: Buffer.alloc(0) })
  expect(rrsetEquals('a', type.TXT, [txtData(['x'])])).toMatchObject([{ type: 16, class: 1, ttl: 0 }])
  expect(deleteRrset('a', type.A)).toMatchObject({ type: 1, class: 255, ttl: 0, data: Buffer.alloc(0) })
  expect(deleteRecord('a', type.TXT, txtData(['x']))).toMatchObject({ type: 16, class: 254, ttl: 0 })
})

it.each(['ä.test', 'a..b', `${'a'.repeat(64)}.test`, Array(130).fill('a').join('.')])('a name that the wire cannot hold is refused: %s', (wrong) => {
  expect(() => wireName(wrong)).toThrow(RangeError)
})

it('a name goes out in lower case, the root as one octet, and 253 characters fit', () => {
  expect(wireName('Ab.c')).toEqual(Buffer.from('\x02ab\x01c\0'))
  expect(wireName('')).toEqual(Buffer.from([0]))
  const longest = `${'a'.repeat(63)}.`.repeat(3) + 'b'.repeat(61)
  expect(readName(wireName(longest), 0)).toEqual({ name: longest, next: 255 })
  expect(() => wireName(`${longest}b`)).toThrow('too long')
})

it('an octet that is no part of a host name reads as its number, and only ASCII letters lose their case', () => {
  const read = (label: readonly number[]) => readName(Buffer.from([label.length, ...label, 0]), 0).name
  expect(read([...Buffer.from('Az_*-0')])).toBe('az_*-0')
  expect(read([0, 0x2e, 0x5c, 0x20])).toBe('\\000\\046\\092\\032')
  expect([read([192]), read([224]), read([255])]).toEqual(['\\192', '\\224', '\\255'])
  expect(new Set(Array.from({ length: 256 }, (_, octet) => read([octet]))).size).toBe(256 - 26)
})

it('a TXT string is as long as its octets', () => {
  expect(readTxt(txtData(['ä'.repeat(127), '', 'x'.repeat(255)]))).toEqual(['ä'.repeat(127), '', 'x'.repeat(255)])
  expect(() => txtData(['x', 'ä'.repeat(128)])).toThrow(RangeError)
  expect(txtData([])).toHaveLength(0)
})

it('a key signs the same however its name is written', () => {
  const key: TsigKey = { name: 'site1-key', algorithm: 'hmac-sha256', secret: Buffer.alloc(32, 7) }
  const message = encodeQuery({ name: 'a.test', type: type.TXT }, 7)
  expect(sign(message, readyKey({ ...key, name: 'Site1-Key.' }), 9)).toEqual(sign(message, readyKey(key), 9))
})

it('whatever octets come in, reading them ends, and fails only as malformed', () => {
  const cut = fc.tuple(fc.array(record, { maxLength: 3 }), fc.nat(), octets(8)).map(([updates, at, noise]) => {
    const wire = encodeUpdate({ zone: 'site1.lease.test', prerequisites: [], updates }, 7)
    noise.copy(wire, at % wire.length)
    return wire.subarray(0, wire.length - at % 5)
  })
  fc.assert(fc.property(fc.oneof(octets(80), cut), (wire) => {
    try {
      decode(wire)
    } catch (error) {
      expect(error).toBeInstanceOf(Malformed)
    }
  }), { numRuns: 2_000 })
})

it('a compressed name that points to itself or forward is malformed', () => {
  expect(() => readName(Buffer.from([0xc0, 0x00]), 0)).toThrow(Malformed)
  expect(() => readName(Buffer.from([1, 97, 0xc0, 0x04, 0]), 0)).toThrow(Malformed)
  expect(readName(Buffer.from([1, 65, 0, 1, 98, 0xc0, 0x00]), 3)).toEqual({ name: 'b.a', next: 7 })
})
