/**
 * `claims_over_raw`: names claimed per second at 64 in flight, by the port and by a bare loop that only sends the same
 * UPDATEs, signed beforehand, and counts answers. The bare loop builds, signs and verifies nothing while the clock runs,
 * so everything that Berth adds is inside the ratio.
 */
import { createSocket, type Socket } from 'node:dgram'
import { createMarks } from '../../activities/mark.ts'
import { encodeUpdate } from '../../activities/rfc2136/encode.ts'
import { claimUpdate, createRfc2136Names } from '../../activities/rfc2136/names.ts'
import { readyKey, sign } from '../../activities/rfc2136/tsig.ts'
import { newKey, newRecords } from '../ports/names.suite.ts'
import { type Measure, row } from './measure.ts'
import { median, medianInterval } from './quantiles.ts'
import { startNameserver, type ServerKind, type TestNameserver } from '../ports/nameserver.ts'

const inFlight = 64
/** A multiple of `inFlight`: a last, half-filled bulk would make the rate depend on the count. */
const claimsPerTurn = 320

export const measureClaimsOverRaw: Measure = {
  names: ['claims_over_raw'],
  async take(_, { quick }, tell) {
    for (const server of ['knot', 'bind'] as const) {
      const { value, ci, note } = await measureClaims({ server, ...(quick && { pairs: 2 }) })
      tell(row({ measure: 'claims_over_raw', case: server, value, ci, unit: 'x', note }, { least: 0.9 }))
    }
  },
}

let made = 0
/** No label comes twice, which of 39,000 drawn from 36 ^ 6 some would; neighbours lie far apart in the zone, as drawn ones do. */
function nextRecords(zone: string) {
  const label = (made++ * 1_234_567_891 % 36 ** 6).toString(36).padStart(6, '0')
  return newRecords(zone, { key: label + newKey().slice(6) })
}

export interface Measured {
  /** The median of the ratios of the pairs. */
  readonly value: number
  readonly ci: readonly [number, number]
  readonly note: string
}

/** Turns alternate in one run on one zone; each pair of turns gives one ratio, the order changes from pair to pair. */
export async function measureClaims({ server, pairs = 60 }: { server: ServerKind; pairs?: number }): Promise<Measured> {
  await using of = await startNameserver(server)
  const marks = createMarks({ instance: 'bench', secret: Buffer.alloc(32, 1) })
  const names = createRfc2136Names({ zones: { [of.zone]: of }, marks })
  const socket = createSocket('udp4')
  await new Promise<void>((done) => socket.connect(of.server.port, of.server.host, done))
  const key = readyKey(of.key)
  const rates = { port: [] as number[], raw: [] as number[] }
  let resent = 0
  const turns = {
    port: async () => {
      const all = Array.from({ length: claimsPerTurn }, () => nextRecords(of.zone))
      rates.port.push(await perSecond(all, (records) => names.claim(records)))
    },
    raw: async () => {
      const wires = Array.from({ length: claimsPerTurn }, (_, id) =>
        sign(encodeUpdate(claimUpdate(marks, nextRecords(of.zone)), id), key).wire)
      const { rate, again } = await bareLoop(socket, wires)
      rates.raw.push(rate)
      resent += again
    },
  }
  try {
    await turns.port() // warm-up: both paths, not counted
    await turns.raw()
    rates.port.length = rates.raw.length = resent = 0
    for (let pair = 0; pair < pairs; pair++) {
      for (const turn of pair % 2 === 0 ? [turns.raw, turns.port] : [turns.port, turns.raw]) await turn()
    }
    return report(of, rates, resent)
  } finally {
    socket.close()
    await names.close()
  }
}

function report(of: TestNameserver, rates: { port: number[]; raw: number[] }, resent: number): Measured {
  const ratios = rates.port.map((rate, pair) => rate / rates.raw[pair]!)
  const sorted = ratios.toSorted((a, b) => a - b)
  return {
    value: median(ratios),
    ci: medianInterval(ratios),
    note: `${of.kind}, no notify remedy, A + SRV + TXT, ${inFlight} in flight, ${ratios.length} pairs of ${claimsPerTurn}, zone up to `
      + `${(ratios.length + 1) * 2 * claimsPerTurn} names; port ${Math.round(median(rates.port))}/s, bare ${Math.round(median(rates.raw))}/s, `
      + `${resent} datagrams of the bare loop sent again, `
      + `ratios ${sorted[0]!.toFixed(2)} to ${sorted.at(-1)!.toFixed(2)}`,
  }
}

async function perSecond<Item>(items: readonly Item[], act: (item: Item) => Promise<void>): Promise<number> {
  const begin = performance.now()
  let next = 0
  await Promise.all(Array.from({ length: inFlight }, async () => {
    for (let at = next++; at < items.length; at = next++) await act(items[at]!)
  }))
  return items.length / (performance.now() - begin) * 1000
}

/** Ids are the indices. A datagram that got lost is sent once more after a second, as the port would. */
async function bareLoop(socket: Socket, wires: readonly Buffer[]): Promise<{ rate: number; again: number }> {
  const begin = performance.now(), open = new Map<number, NodeJS.Timeout>()
  let next = 0, done = 0, again = 0
  await new Promise<void>((finish, fail) => {
    const send = () => {
      const id = next++, wire = wires[id]
      if (!wire) return
      socket.send(wire)
      open.set(id, setInterval(() => {
        again++
        socket.send(wire)
      }, 1_300))
    }
    const take = (reply: Buffer) => {
      const id = reply.readUInt16BE(0), timer = open.get(id)
      if (!timer) return
      clearInterval(timer)
      open.delete(id)
      if ((reply.readUInt8(3) & 15) !== 0) fail(new Error(`The bare loop got rcode ${reply.readUInt8(3) & 15}.`))
      if (++done === wires.length) {
        socket.off('message', take)
        return finish()
      }
      send()
    }
    socket.on('message', take)
    for (let at = 0; at < inFlight; at++) send()
  })
  return { rate: wires.length / (performance.now() - begin) * 1000, again }
}
