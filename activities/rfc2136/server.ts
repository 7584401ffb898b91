/** One nameserver and its key: signed updates, questions and zone transfers, each answer verified. */
import { randomInt } from 'node:crypto'
import { opcode, rcode, type } from './codes.ts'
import { Malformed, type Message, type ReadRecord } from './decode.ts'
import { encodeQuery, encodeUpdate, type Update } from './encode.ts'
import { askTcp } from './tcp.ts'
import { NameserverTrouble, refusedUpdate } from './trouble.ts'
import { ReplyCheck, Unproven, seconds, readyKey, sign, type ReadyKey, type TsigKey } from './tsig.ts'
import { UdpPool, type Address, type Verdict } from './udp.ts'

export interface Nameserver {
  readonly server: Address
  readonly key: TsigKey
}

/** Updates above this go by TCP: a datagram that must be split may be lost whole. */
const longestDatagram = 1_200

export class Server {
  readonly #server: Address
  readonly #key: ReadyKey
  readonly #pool: UdpPool
  readonly #now: () => number

  /** `now`: our clock in seconds, for tests. */
  constructor(of: Nameserver, now: () => number = seconds) {
    this.#server = of.server
    this.#key = readyKey(of.key)
    this.#pool = new UdpPool(of.server)
    this.#now = now
  }

  /** The server's proven answer: an rcode. Anything unproven, and silence until the deadline, throws. */
  async update(update: Update, deadline: number): Promise<number> {
    return (await this.#ask((id) => encodeUpdate(update, id), opcode.UPDATE, deadline)).rcode
  }

  /** Records of one type at one name, straight from the zone's primary. */
  async read(question: { readonly name: string; readonly type: number }, deadline: number): Promise<readonly ReadRecord[]> {
    let reply = await this.#ask((id) => encodeQuery(question, id), opcode.QUERY, deadline)
    if (reply.truncated) reply = await this.#askTcp((id) => encodeQuery(question, id), opcode.QUERY, deadline)
    if (reply.rcode !== rcode.NOERROR && reply.rcode !== rcode.NXDOMAIN) throw refusedQuestion(reply.rcode, question.name)
    if (!reply.authoritative) throw new NameserverTrouble(`The nameserver does not serve the zone of ${question.name}.`)
    return reply.answers.filter((record) => record.name === question.name && record.type === question.type)
  }

  /** Every record of a zone, by signed transfer (RFC 5936). `take` gets them message by message. */
  async transfer(zone: string, take: (record: ReadRecord, message: Message) => void, deadline: number): Promise<void> {
    const id = randomInt(65_536)
    const { wire, mac } = sign(encodeQuery({ name: zone, type: type.AXFR }, id), this.#key, this.#now())
    const check = new ReplyCheck(this.#key, mac, this.#now)
    let starts = 0
    await askTcp({ server: this.#server, wire, deadline, take: (frame) => {
      const reply = check.take(frame)
      assertReply(reply, id, opcode.QUERY)
      if (reply.rcode !== rcode.NOERROR) throw refusedQuestion(reply.rcode, zone)
      for (const record of reply.answers) {
        if (record.type === type.SOA) starts++ // it opens and closes the transfer
        else if (starts !== 1) throw new Malformed('A zone transfer does not start with the SOA record.')
        else take(record, reply)
      }
      if (starts < 2) return false
      if (!check.settled) throw new Unproven('The end of a zone transfer is not signed.')
      return true
    } })
  }

  close(): Promise<void> {
    return this.#pool.close()
  }

  async #ask(encode: (id: number) => Buffer, op: number, deadline: number): Promise<Message> {
    const probe = encode(0)
    if (probe.length > longestDatagram) return this.#askTcp(encode, op, deadline)
    let judge: (reply: Buffer) => Verdict<Message>
    return this.#pool.ask<Message>({
      deadline,
      wire: (id) => {
        probe.writeUInt16BE(id, 0)
        const { wire, mac } = sign(probe, this.#key, this.#now())
        judge = (reply) => this.#judge(reply, { id, op, mac })
        return wire
      },
      judge: (reply) => judge(reply),
    })
  }

  async #askTcp(encode: (id: number) => Buffer, op: number, deadline: number): Promise<Message> {
    const id = randomInt(65_536)
    const { wire, mac } = sign(encode(id), this.#key, this.#now())
    let answer: Message | undefined
    await askTcp({ server: this.#server, wire, deadline, take: (frame) => {
      answer = this.#check(frame, { id, op, mac })
      return true
    } })
    if (!answer) throw new NameserverTrouble('The nameserver gave no answer.')
    return answer
  }

  #judge(reply: Buffer, asked: Asked): Verdict<Message> {
    try {
      return { is: 'answer', answer: this.#check(reply, asked) }
    } catch (error) {
      if (error instanceof Unproven || error instanceof Malformed) return { is: 'doubt', error }
      return { is: 'failure', error: error instanceof Error ? error : new Error(String(error)) }
    }
  }

  #check(reply: Buffer, asked: Asked): Message {
    const message = new ReplyCheck(this.#key, asked.mac, this.#now).take(reply)
    assertReply(message, asked.id, asked.op)
    return message
  }
}

interface Asked {
  readonly id: number
  readonly op: number
  readonly mac: Buffer
}

function assertReply(message: Message, id: number, op: number): void {
  if (!message.isReply || message.id !== id || message.opcode !== op) throw new Unproven('A message is not the reply to our question.')
}

function refusedQuestion(code: number, name: string): NameserverTrouble {
  return new NameserverTrouble(refusedUpdate(code, name).message.replace('an update of', 'a question about')
    .replace('write A, AAAA, SRV, TXT and HTTPS records', 'read the zone'))
}
