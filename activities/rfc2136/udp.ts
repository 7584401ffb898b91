/** Questions over UDP: a few connected sockets, on which many questions are in flight, told apart by their ids. */
import { randomInt } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { NameserverTrouble, place } from './trouble.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

/** What a question's owner makes of a datagram: the answer, a proven failure, or something to doubt and wait on. */
export type Verdict<Answer> =
  | { readonly is: 'answer'; readonly answer: Answer }
  | { readonly is: 'failure'; readonly error: Error }
  | { readonly is: 'doubt'; readonly error: Error }

export interface UdpQuestion<Answer> {
  /** The bytes to send for this id. A retransmit sends the same bytes. */
  readonly wire: (id: number) => Buffer
  readonly judge: (reply: Buffer) => Verdict<Answer>
  /** Milliseconds since the epoch. */
  readonly deadline: number
}

/** Between two sendings of the same bytes: above the second for which Knot sometimes stalls. */
const retransmitMs = 1_300
/** After a reply that proves nothing, the true one may still come; a server that knows no better has no more to say. */
const doubtMs = 300
const socketCount = 2

interface Waiter {
  readonly settle: (reply: Buffer) => void
  readonly fail: (error: Error) => void
}

interface Line {
  readonly socket: Socket
  readonly waiters: Map<number, Waiter>
}

export class UdpPool {
  readonly #server: Address
  readonly #lines: (Promise<Line> | undefined)[] = []
  #turn = 0
  #held: (() => void)[] = []

  constructor(server: Address) {
    this.#server = server
  }

  async ask<Answer>(question: UdpQuestion<Answer>): Promise<Answer> {
    const line = await this.#line()
    let id = randomInt(65_536)
    while (line.waiters.has(id)) id = randomInt(65_536)
    const wire = question.wire(id)
    return new Promise<Answer>((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined, doubt: Error | undefined, over = false
      const finish = (act: () => void) => {
        over = true
        clearTimeout(timer)
        line.waiters.delete(id)
        act()
      }
      const silence = () => new NameserverTrouble(`The nameserver at ${place(this.#server)} does not answer.`)
      const send = () => {
        if (over) return // its line was closed before its turn
        const left = question.deadline - Date.now()
        if (left <= 0) return finish(() => reject(doubt ?? silence()))
        line.socket.send(wire)
        timer = setTimeout(send, Math.min(retransmitMs, left))
      }
      line.waiters.set(id, {
        settle: (reply) => {
          const verdict = question.judge(reply)
          if (verdict.is === 'answer') return finish(() => resolve(verdict.answer))
          if (verdict.is === 'failure') return finish(() => reject(verdict.error))
          if (doubt) return
          doubt = verdict.error
          clearTimeout(timer)
          timer = setTimeout(() => finish(() => reject(doubt ?? silence())), doubtMs)
        },
        fail: (error) => finish(() => reject(error)),
      })
      this.#sendTogether(send)
    })
  }

  /**
   * Sends once a turn of the event loop has brought no more to send. Knot takes up in one bulk what has come by then, so
   * the first of many that are asked together must not go ahead of the rest.
   */
  #sendTogether(send: () => void): void {
    const whenQuiet = (before: number) => void setImmediate(() => {
      if (this.#held.length > before) return whenQuiet(this.#held.length)
      for (const one of this.#held.splice(0)) one()
    })
    if (this.#held.push(send) === 1) whenQuiet(1)
  }

  /** Fails what is in flight and closes the sockets. */
  async close(): Promise<void> {
    for (const opened of this.#lines.splice(0)) {
      const line = await opened?.catch(() => undefined)
      if (line) this.#drop(line, new NameserverTrouble('The connection to the nameserver was closed.'))
    }
  }

  /** The sockets take turns. One that failed is opened anew. */
  #line(): Promise<Line> {
    const slot = this.#turn++ % socketCount
    return this.#lines[slot] ??= this.#open(slot)
  }

  async #open(slot: number): Promise<Line> {
    try {
      const { address, family } = await lookup(this.#server.host)
      const line: Line = { socket: createSocket(family === 6 ? 'udp6' : 'udp4'), waiters: new Map() }
      line.socket.on('message', (reply) => {
        if (reply.length >= 2) line.waiters.get(reply.readUInt16BE(0))?.settle(reply)
      })
      await new Promise<void>((resolve, reject) => {
        line.socket.once('error', reject)
        line.socket.connect(this.#server.port, address, resolve) // connected, so that only the server can answer
      })
      line.socket.removeAllListeners('error')
      line.socket.on('error', (error) => {
        this.#lines[slot] = undefined
        this.#drop(line, new NameserverTrouble(`Nothing answers at ${place(this.#server)}: ${error.message}.`, { cause: error }))
      })
      line.socket.unref()
      return line
    } catch (error) {
      this.#lines[slot] = undefined
      throw new NameserverTrouble(`The nameserver at ${place(this.#server)} cannot be reached: ${String(error)}.`, { cause: error })
    }
  }

  #drop(line: Line, error: Error): void {
    for (const waiter of [...line.waiters.values()]) waiter.fail(error)
    try {
      line.socket.close()
    } catch {
      // closed already
    }
  }
}
