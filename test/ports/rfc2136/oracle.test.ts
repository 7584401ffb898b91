/** Our bytes against those of BIND's and Knot's own tools, which were written by others from the same RFCs. */
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { dnsClass, opcode, type } from '../../../activities/rfc2136/codes.ts'
import { decode, readName, type Message } from '../../../activities/rfc2136/decode.ts'
import { addressData, deleteRrset, encodeUpdate, nameNotInUse, rrsetEquals, srvData, txtData, type WireRecord } from '../../../activities/rfc2136/encode.ts'
import { ReplyCheck, readyKey, sign, type TsigKey } from '../../../activities/rfc2136/tsig.ts'
import { signedReply } from './reply.ts'

const key: TsigKey = { name: 'site1-key', algorithm: 'hmac-sha256', secret: Buffer.from('an oracle knows this secret, too.') }
const secret = key.secret.toString('base64'), zone = 'site1.lease.test', name = `web-abc123.${zone}`

const orders = (port: number, keyLine: string) => `${[
  `server 127.0.0.1 ${port}`, `zone ${zone}.`, keyLine,
  `prereq nxdomain other.${zone}.`, `prereq yxrrset ${name}. TXT "berth=1" "k=x y"`,
  `update delete ${name}. AAAA`, `update add ${name}. 30 A 127.0.0.9`, `update add ${name}. 30 AAAA 2001:db8::7:0:1`,
  `update add _http._tcp.${name}. 30 SRV 0 0 20080 ${name}.`, `update add ${name}. 30 TXT "berth=1" "k=z"`, 'send', 'quit',
].join('\n')}\n`

const add = (at: string, rrtype: number, data: Buffer): WireRecord => ({ name: at, type: rrtype, class: dnsClass.IN, ttl: 30, data })
const same = {
  zone,
  prerequisites: [nameNotInUse(`other.${zone}`), ...rrsetEquals(name, type.TXT, [txtData(['berth=1', 'k=x y'])])],
  updates: [
    deleteRrset(name, type.AAAA), add(name, type.A, addressData('127.0.0.9')), add(name, type.AAAA, addressData('2001:db8::7:0:1')),
    add(`_http._tcp.${name}`, type.SRV, srvData(20_080, name)), add(name, type.TXT, txtData(['berth=1', 'k=z'])),
  ],
}

/** Runs a tool against a listener that answers truly; tells what it sent and whether it believed the answer. */
async function listenTo(tool: string, options: { args: (port: number) => readonly string[]; input?: (port: number) => string }): Promise<{ sent: Buffer; exit: number; says: string }> {
  const socket = createSocket('udp4')
  let sent = Buffer.alloc(0)
  socket.on('message', (request, from) => {
    sent = request
    socket.send(signedReply(request, { key }), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  const child = spawn(tool, options.args(port), { stdio: 'pipe' })
  let says = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { says += String(chunk) })
  child.stdin.on('error', () => {}).end(options.input?.(port) ?? '')
  const [exit] = await once(child, 'close') as [number]
  socket.close()
  return { sent, exit, says }
}

const plain = ({ answers, authority }: Message) =>
  [answers, authority].map((section) => section.map(({ name, type, class: its, ttl, data }) => ({ name, type, class: its, ttl, data: data.toString('hex') })))

/** The request without its TSIG record, and the time in it. */
function unsign(wire: Buffer): { bare: Buffer; time: number } {
  const tsig = decode(wire).additional.at(-1)!
  expect(tsig.type).toBe(type.TSIG)
  const bare = Buffer.from(wire.subarray(0, tsig.start))
  bare.writeUInt16BE(bare.readUInt16BE(10) - 1, 10)
  return { bare, time: wire.readUIntBE(readName(wire, tsig.dataStart).next, 6) }
}

describe.each([
  ['nsupdate', (port: number) => orders(port, `key hmac-sha256:${key.name} ${secret}`), [] as string[]],
  ['knsupdate', (port: number) => orders(port, `key hmac-sha256:${key.name} ${secret}`), [] as string[]],
])('%s', (tool, input, args) => {
  it('writes the same update, signs it with the same bytes, and believes a reply signed as ours are checked', async () => {
    const { sent, exit, says } = await listenTo(tool, { args: () => args, input })
    expect({ exit, says }).toMatchObject({ exit: 0 })
    const theirs = decode(sent)
    expect(theirs.opcode).toBe(opcode.UPDATE)
    expect(plain(theirs)).toEqual(plain(decode(encodeUpdate(same, theirs.id))))
    const { bare, time } = unsign(sent)
    const ours = sign(bare, readyKey(key), time)
    expect(ours.wire.toString('hex')).toBe(sent.toString('hex'))
    expect(new ReplyCheck(readyKey(key), ours.mac).take(signedReply(sent, { key })).rcode).toBe(0)
  })
})

describe.each(['dig', 'kdig'])('%s', (tool) => {
  it('signs a question with the same bytes', async () => {
    const { sent } = await listenTo(tool, {
      args: (port) => ['@127.0.0.1', '-p', String(port), '-y', `hmac-sha256:${key.name}:${secret}`, '+noedns', '+retry=0', name, 'TXT'],
    })
    const { bare, time } = unsign(sent)
    expect(sign(bare, readyKey(key), time).wire.toString('hex')).toBe(sent.toString('hex'))
    expect(decode(bare).questions).toEqual([{ name, type: type.TXT, class: dnsClass.IN }])
  })
})
