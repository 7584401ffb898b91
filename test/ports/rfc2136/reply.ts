/** Replies as a nameserver would make them, true or not. Written apart from the client, so that both must agree with RFC 8945. */
import { createHmac } from 'node:crypto'
import { decode } from '../../../activities/rfc2136/decode.ts'
import { u16, wireName, wireRecord, type WireRecord } from '../../../activities/rfc2136/encode.ts'
import type { TsigKey } from '../../../activities/rfc2136/tsig.ts'

export interface ReplyOptions {
  /** Absent makes a reply without a TSIG record. */
  readonly key?: TsigKey
  readonly rcode?: number
  readonly error?: number
  /** Leaves the MAC empty, as BADSIG and BADKEY do. */
  readonly unsigned?: boolean
  /** Request MAC to sign over, if not the true one. */
  readonly over?: Buffer
  /** The server's clock in a BADTIME, seconds. */
  readonly serverTime?: number
  readonly answers?: readonly WireRecord[]
}

export function signedReply(request: Buffer, options: ReplyOptions): Buffer {
  const { key, rcode = 0, error = 0, answers = [] } = options
  const flags = (request.readUInt16BE(2) | 0x8400) & 0xfff0 | rcode
  const message = Buffer.concat([request.subarray(0, 2), ...[flags, 0, answers.length, 0, 0].map(u16), ...answers.map(wireRecord)])
  if (!key) return message
  const now = Math.floor(Date.now() / 1000)
  const other = options.serverTime === undefined ? Buffer.alloc(0) : u48(options.serverTime)
  const variables = Buffer.concat([wireName(key.name), u16(255), u16(0), u16(0), wireName(key.algorithm), u48(now), u16(300), u16(error), u16(other.length), other])
  const over = options.over ?? macOf(request)
  const mac = options.unsigned ? Buffer.alloc(0)
    : createHmac('sha256', key.secret).update(u16(over.length)).update(over).update(message).update(variables).digest()
  const data = Buffer.concat([wireName(key.algorithm), u48(now), u16(300), u16(mac.length), mac, request.subarray(0, 2), u16(error), u16(other.length), other])
  const wire = Buffer.concat([message, wireRecord({ name: key.name, type: 250, class: 255, ttl: 0, data })])
  wire.writeUInt16BE(1, 10)
  return wire
}

/** The MAC of a signed request: 32 octets that end 6 before the end, followed by id, error and an empty other. */
function macOf(request: Buffer): Buffer {
  const data = request.length > 12 ? decode(request).additional.at(-1)?.data : undefined
  return data ? data.subarray(-38, -6) : Buffer.alloc(32)
}

const u48 = (value: number): Buffer => {
  const octets = Buffer.alloc(6)
  octets.writeUIntBE(value, 0, 6)
  return octets
}
