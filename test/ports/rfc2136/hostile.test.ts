/** A nameserver, or somebody in its place, that answers badly: nothing it says is taken for a result. */
import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { rcode, tsigError, type } from '../../../activities/rfc2136/codes.ts'
import { createRfc2136Names } from '../../../activities/rfc2136/names.ts'
import { u16 } from '../../../activities/rfc2136/encode.ts'
import type { TsigKey } from '../../../activities/rfc2136/tsig.ts'
import { NameConflict, type Names } from '../../../workflows/ports.ts'
import { newRecords, testMarks } from '../names.suite.ts'
import { signedReply } from './reply.ts'

const zone = 'site1.lease.test'
const key: TsigKey = { name: 'site1-key', algorithm: 'hmac-sha256', secret: Buffer.alloc(32, 7) }
const wrongKey: TsigKey = { ...key, secret: Buffer.alloc(32, 8) }

/** Answers of the impostor to one request; several are sent in their order. */
type Play = (request: Buffer, count: number) => readonly Buffer[]

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

async function impostor(play: Play, host = '127.0.0.1'): Promise<{ names: Names & { close(): Promise<void> }; seen: Buffer[] }> {
  const socket = createSocket(host === '::1' ? 'udp6' : 'udp4'), seen: Buffer[] = []
  socket.on('message', (request, from: RemoteInfo) => {
    seen.push(request)
    for (const reply of play(request, seen.length)) socket.send(reply, from.port, from.address)
  })
  socket.bind(0, host)
  await once(socket, 'listening')
  const names = createRfc2136Names({
    zones: { [zone]: { server: { host, port: socket.address().port }, key } }, marks: testMarks(),
    timeouts: { answerMs: 1_500, callMs: 3_000 },
  })
  open.push(() => new Promise<void>((done) => socket.close(() => done())), () => names.close())
  return { names, seen }
}

const failure = async (promise: Promise<unknown>): Promise<Error> => {
  const error: unknown = await promise.then(() => undefined, (error: unknown) => error)
  expect(error).toBeInstanceOf(Error)
  expect(error).not.toBeInstanceOf(NameConflict)
  return error as Error
}
const flip = (wire: Buffer, at: number): Buffer => {
  const flipped = Buffer.from(wire)
  flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at)
  return flipped
}
const truthful: Play = (request) => [signedReply(request, { key })]

it('a signed answer is a result', async () => {
  const { names } = await impostor(truthful)
  await expect(names.claim(newRecords(zone))).resolves.toBeUndefined()
})

it('what is asked while the connection closes fails, and is not sent', async () => {
  const { names, seen } = await impostor(truthful)
  await names.claim(newRecords(zone))
  const asked = failure(names.claim(newRecords(zone)))
  await names.close()
  expect((await asked).message).toContain('was closed')
  expect(seen).toHaveLength(1)
})

it('a nameserver is reached over IPv6', async () => {
  const { names, seen } = await impostor(truthful, '::1')
  await names.claim(newRecords(zone))
  expect(seen).toHaveLength(1)
})

const bad: [string, Play, RegExp][] = [
  ['is cut off', (request) => [signedReply(request, { key }).subarray(0, 40)], /cut off/],
  ['has another id', (request) => [flip(signedReply(request, { key }), 1)], /does not answer/],
  ['has a wrong signature', (request) => [signedReply(request, { key: wrongKey })], /signature of a reply is wrong/],
  ['had its rcode changed', (request) => [flip(signedReply(request, { key }), 3)], /signature of a reply is wrong/],
  ['is signed for another request', (request) => [signedReply(request, { key, over: Buffer.alloc(32) })], /signature of a reply is wrong/],
  ['is signed with another key', (request) => [signedReply(request, { key: { ...key, name: 'other-key' } })], /another key/],
  ['has no signature', (request) => [signedReply(request, {})], /NOERROR without a signature/],
  ['refuses without a signature', (request) => [signedReply(request, { rcode: rcode.YXDOMAIN })], /YXDOMAIN without a signature/],
  ['says BADSIG', (request) => [signedReply(request, { key, error: tsigError.BADSIG, rcode: rcode.NOTAUTH, unsigned: true })], /BADSIG/],
  ['says BADKEY', (request) => [signedReply(request, { key, error: tsigError.BADKEY, rcode: rcode.NOTAUTH, unsigned: true })], /BADKEY/],
  ['is the request itself', (request) => [request], /signature of a reply is wrong/],
  ['is noise', () => [Buffer.from('noise')], /does not answer/],
  ['never comes', () => [], /does not answer/],
]

it.each(bad)('an answer that %s is no result of a claim or a release', async (_, play, says) => {
  const { names } = await impostor(play), records = newRecords(zone)
  const [claim, release, look] = await Promise.all([names.claim(records), names.release(records), names.isClaimed(records)].map(failure))
  for (const error of [claim, release, look]) expect(String(error)).toMatch(says)
})

it('a forged answer before the true one does not stand in its way', async () => {
  const { names } = await impostor((request) => [signedReply(request, { rcode: rcode.REFUSED }), signedReply(request, { key: wrongKey }), ...truthful(request, 1)])
  await expect(names.claim(newRecords(zone))).resolves.toBeUndefined()
})

it('a lost datagram is sent again, the same bytes', async () => {
  const { names, seen } = await impostor((request, count) => count === 1 ? [] : truthful(request, count))
  await names.claim(newRecords(zone))
  expect(seen).toHaveLength(2)
  expect(seen[1]).toEqual(seen[0])
})

it('a failure inside the server is tried again', async () => {
  const { names, seen } = await impostor((request, count) => [signedReply(request, { key, rcode: count < 3 ? rcode.SERVFAIL : rcode.NOERROR })])
  await names.claim(newRecords(zone))
  expect(seen).toHaveLength(3)
})

it('a claim gives up, and sends nothing after it has', async () => {
  const { names, seen } = await impostor((request) => [signedReply(request, { key, rcode: rcode.SERVFAIL })])
  expect(String(await failure(names.claim(newRecords(zone))))).toContain('SERVFAIL')
  const sent = seen.length
  await new Promise((done) => setTimeout(done, 500)) // nothing to await: the point is that nothing comes
  expect(seen).toHaveLength(sent)
})

it('a signed BADTIME is read as a clock that is off, by the server\'s own clock', async () => {
  const hour = Math.floor(Date.now() / 1000) + 3_600
  const { names } = await impostor((request) => [signedReply(request, { key, error: tsigError.BADTIME, rcode: rcode.NOTAUTH, serverTime: hour })])
  expect(String(await failure(names.claim(newRecords(zone))))).toMatch(/clock is off by 3,(599|600) s: it is ahead/)
})

it('a BADTIME that nobody signed is no word on the clock', async () => {
  const { names } = await impostor((request) => [signedReply(request, { key, error: tsigError.BADTIME, rcode: rcode.NOTAUTH, unsigned: true, serverTime: 1 })])
  expect(String(await failure(names.claim(newRecords(zone))))).toMatch(/without a signature/)
})

it('at most 64 updates are in flight', async () => {
  const waiting: (() => void)[] = []
  let most = 0
  const socket = createSocket('udp4')
  const ids = new Set<string>()
  socket.on('message', (request, from) => {
    ids.add(request.toString('hex')) // a retransmit is the same bytes
    most = Math.max(most, ids.size)
    waiting.push(() => {
      ids.delete(request.toString('hex'))
      socket.send(signedReply(request, { key }), from.port, from.address)
    })
    if (ids.size === 64 || waiting.length > 64) for (const answer of waiting.splice(0)) answer()
    else setTimeout(() => waiting.splice(0).forEach((answer) => answer()), 200)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const names = createRfc2136Names({ zones: { [zone]: { server: { host: '127.0.0.1', port: socket.address().port }, key } }, marks: testMarks() })
  open.push(() => new Promise<void>((done) => socket.close(() => done())), () => names.close())
  await Promise.all(Array.from({ length: 200 }, () => names.claim(newRecords(zone))))
  expect(most).toBeGreaterThan(32)
  expect(most).toBeLessThanOrEqual(64)
})

it('a zone transfer that breaks off, or whose end is not signed, lists nothing', async () => {
  const soa = { name: zone, type: type.SOA, class: 1, ttl: 1, data: Buffer.alloc(22) }
  let answer: (request: Buffer) => Buffer[] = () => []
  const server = createServer((socket: Socket) => {
    socket.once('data', (framed) => {
      for (const reply of answer(framed.subarray(2))) socket.write(Buffer.concat([u16(reply.length), reply]))
      socket.end()
    }).on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.push(() => new Promise((done) => server.close(done)))
  const { port } = server.address() as { port: number }
  const names = createRfc2136Names({ zones: { [zone]: { server: { host: '127.0.0.1', port }, key } }, marks: testMarks() })
  answer = (request) => [signedReply(request, { key, answers: [soa] })]
  expect(String(await failure(names.list(zone)))).toContain('before its answer was whole')
  answer = (request) => [signedReply(request, { key, answers: [soa] }), signedReply(request, { answers: [soa] })]
  expect(String(await failure(names.list(zone)))).toContain('end of a zone transfer is not signed')
  answer = (request) => [signedReply(request, { answers: [soa, soa] })]
  expect(String(await failure(names.list(zone)))).toContain('without a signature')
  answer = (request) => [signedReply(request, { key, answers: [soa, soa] })]
  expect(await names.list(zone)).toEqual([])
})
