/** Questions over TCP, each on a connection of its own: long updates, cut-off answers, zone transfers. */
import { connect } from 'node:net'
import { u16 } from './encode.ts'
import { NameserverTrouble, place } from './trouble.ts'
import type { Address } from './udp.ts'

export interface TcpQuestion {
  readonly server: Address
  readonly wire: Buffer
  /** Takes each message of the answer; true ends it. What it throws is the failure. */
  readonly take: (message: Buffer) => boolean
  /** Milliseconds since the epoch. */
  readonly deadline: number
}

/** Resolves when `take` has said that the answer is whole. A connection that ends before that is a failure. */
export async function askTcp({ server, wire, take, deadline }: TcpQuestion): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect(server.port, server.host)
    const chunks: Buffer[] = []
    let held = 0
    const timer = setTimeout(() => fail('does not answer'), Math.max(1, deadline - Date.now()))
    const finish = (act: () => void) => {
      clearTimeout(timer)
      socket.destroy()
      act()
    }
    const fail = (what: string, cause?: Error) =>
      finish(() => reject(new NameserverTrouble(`The nameserver at ${place(server)} ${what}.`, { cause })))

    socket.once('connect', () => socket.write(Buffer.concat([u16(wire.length), wire])))
    socket.on('error', (error) => fail(`cannot be reached: ${error.message}`, error))
    socket.on('end', () => fail('ended the connection before its answer was whole'))
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      held += chunk.length
      try {
        for (let length = frame(chunks); length !== undefined && held >= length + 2; length = frame(chunks)) {
          const all = Buffer.concat(chunks)
          chunks.splice(0, chunks.length, all.subarray(length + 2))
          held -= length + 2
          if (take(all.subarray(2, length + 2))) return finish(resolve)
        }
      } catch (error) {
        finish(() => reject(error instanceof Error ? error : new Error(String(error))))
      }
    })
  })
}

/** Length of the message at the front, as far as it is known; merges the first chunks when the length itself is split. */
function frame(chunks: Buffer[]): number | undefined {
  while (chunks[0] && chunks[0].length < 2 && chunks[1]) chunks.splice(0, 2, Buffer.concat([chunks[0], chunks[1]]))
  return chunks[0] && chunks[0].length >= 2 ? chunks[0].readUInt16BE(0) : undefined
}
