/** What a real nameserver adds to the suite: what stands on the wire, restarts, and records that are not a lease's. */
import { Resolver } from 'node:dns/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRfc2136Names } from '../../activities/rfc2136/names.ts'
import { Server } from '../../activities/rfc2136/server.ts'
import { addressData, deleteRrset, srvData, txtData, type WireRecord } from '../../activities/rfc2136/encode.ts'
import { ownerData } from '../../activities/rfc2136/owner.ts'
import { dnsClass, rcode, type } from '../../activities/rfc2136/codes.ts'
import { NameConflict, type Names } from '../../workflows/ports.ts'
import { fqdn, srvName } from '../../workflows/rules/naming.ts'
import { startNameserver, type ServerKind, type TestNameserver } from './nameserver.ts'
import { namesSuite, newRecords, testMarks } from './names.suite.ts'

/** Writes whatever it is told: the admin, or the attacker with the key. */
export async function write(of: TestNameserver, updates: readonly WireRecord[]): Promise<void> {
  const server = new Server(of)
  try {
    expect(await server.update({ zone: of.zone, prerequisites: [], updates }, Date.now() + 10_000)).toBe(rcode.NOERROR)
  } finally {
    await server.close()
  }
}

export const txt = (name: string, data: Buffer): WireRecord => ({ name, type: type.TXT, class: dnsClass.IN, ttl: 30, data })
const srv = (name: string, port: number): WireRecord => ({ name, type: type.SRV, class: dnsClass.IN, ttl: 30, data: srvData(port, 'ns.site1.lease.test') })

/** There is no such name, or no such record of it; anything else is trouble. */
function none(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOTFOUND' || error.code === 'ENODATA') return []
  throw error
}

export function rfc2136Suite(kind: ServerKind): void {
  describe(`names on ${kind}`, () => {
    namesSuite(async () => {
      const of = await startNameserver(kind), marks = testMarks()
      const names = createRfc2136Names({ zones: { [of.zone]: of }, marks }), resolver = new Resolver()
      resolver.setServers([`127.0.0.1:${of.server.port}`])
      return {
        names, marks, zone: of.zone,
        addresses: async (label) => {
          const name = fqdn(label, of.zone), both = await Promise.all([resolver.resolve4(name), resolver.resolve6(name)].map((asked) => asked.catch(none)))
          return both.flat().sort()
        },
        plant: (label) => write(of, [txt(fqdn(label, of.zone), txtData(['v=foreign']))]),
        async close() {
          await names.close()
          await of[Symbol.asyncDispose]()
        },
      }
    })
  })

  describe(`a zone on ${kind}`, () => {
    const marks = testMarks()
    let of: TestNameserver, names: Names & { close(): Promise<void> }, resolver: Resolver
    beforeAll(async () => {
      of = await startNameserver(kind)
      names = createRfc2136Names({ zones: { [of.zone]: of }, marks, timeouts: { answerMs: 3_000 } })
      resolver = new Resolver()
      resolver.setServers([`127.0.0.1:${of.server.port}`])
    })
    afterAll(async () => {
      await names.close()
      await of[Symbol.asyncDispose]()
    })

    it('answers with the address, the ports and the owner of a claimed name, and with nothing after its release', async () => {
      const records = newRecords(of.zone, { ports: [{ port: 8080, hostPort: 20_100 }, { port: 80, hostPort: 20_101 }, { port: 22, hostPort: 20_102 }] })
      const name = fqdn(records.label, of.zone)
      const ask = (service: string) => resolver.resolveSrv(srvName(service, records.label, of.zone))
      await names.claim(records)
      expect(await resolver.resolve4(name, { ttl: true })).toEqual([{ address: '127.0.0.1', ttl: 30 }])
      expect(await ask('_http')).toMatchObject([{ name, port: 20_100, priority: 0, weight: 0 }])
      expect(await ask('_p80')).toMatchObject([{ name, port: 20_101, priority: 0, weight: 0 }])
      expect(await ask('_ssh')).toMatchObject([{ name, port: 20_102, priority: 0, weight: 0 }])
      expect((await resolver.resolveTxt(name))[0]?.slice(0, 4)).toEqual(['berth=1', 'i=test', `k=${records.key}`, 'n=1'])
      await names.claim({ ...records, number: 2, address: '2001:db8::7', ports: [{ port: 80, hostPort: 20_103 }] })
      expect(await resolver.resolve6(name)).toEqual(['2001:db8::7'])
      await expect(resolver.resolve4(name)).rejects.toThrow('ENODATA')
      await expect(ask('_p80')).rejects.toThrow('ENOTFOUND')
      await names.release({ ...records, number: 2 })
      await expect(resolver.resolveAny(name)).rejects.toThrow('ENOTFOUND')
      await expect(ask('_http')).rejects.toThrow('ENOTFOUND')
    })

    it('frees a name under which SRV records without an owner are left', async () => {
      const records = newRecords(of.zone), left = srvName('_http', records.label, of.zone)
      await write(of, [srv(left, 1)])
      await names.claim(records)
      expect((await resolver.resolveSrv(left)).map(({ port }) => port)).toEqual([20_080])
    })

    it('keeps an address that no lease owns', async () => {
      const records = newRecords(of.zone), name = fqdn(records.label, of.zone)
      await write(of, [{ name, type: type.A, class: dnsClass.IN, ttl: 30, data: addressData('127.0.0.9') }])
      await expect(names.claim(records)).rejects.toThrow(NameConflict)
      await names.release(records)
      expect(await resolver.resolve4(name)).toEqual(['127.0.0.9'])
    })

    it('never lists a copied, a forged or another instance\'s owner, and never releases it', async () => {
      const owner = newRecords(of.zone), copyAt = newRecords(of.zone), other = newRecords(of.zone), mine = newRecords(of.zone)
      await names.claim(owner)
      await write(of, [
        txt(fqdn(copyAt.label, of.zone), ownerData(marks, owner, ['_http'])),
        txt(fqdn(other.label, of.zone), ownerData(testMarks('other'), other, ['_http'])),
        txt(fqdn(mine.label, of.zone), txtData(['berth=1', 'i=test', `k=${mine.key}`, 'n=1', `p=${'0'.repeat(40)}`, 's=_http'])),
      ])
      for (const forged of [{ ...copyAt, key: owner.key }, other, mine]) {
        await names.release(forged)
        expect(await names.isClaimed(forged)).toBe(false)
        await expect(names.claim(forged)).rejects.toThrow(NameConflict)
        expect(await resolver.resolveTxt(fqdn(forged.label, of.zone))).toHaveLength(1)
      }
      const labels = (await names.list(of.zone)).map(({ label }) => label)
      expect(labels).toContain(owner.label)
      expect(labels).not.toEqual(expect.arrayContaining([copyAt.label]))
      expect([copyAt, other, mine].filter(({ label }) => labels.includes(label))).toEqual([])
    })

    it('keeps a foreign TXT beside ours when our name is released', async () => {
      const records = newRecords(of.zone), name = fqdn(records.label, of.zone)
      await names.claim(records)
      await write(of, [txt(name, txtData(['v=foreign']))])
      await names.claim({ ...records, number: 2 })
      await names.release({ ...records, number: 2 })
      expect(await resolver.resolveTxt(name)).toEqual([['v=foreign']])
      await write(of, [deleteRrset(name, type.TXT)])
    })

    it('takes a claim too long for a datagram', async () => {
      const ports = Array.from({ length: 30 }, (_, index) => ({ port: 30_000 + index, hostPort: 22_000 + index }))
      const records = newRecords(of.zone, { ports })
      await names.claim(records)
      expect((await names.list(of.zone)).find(({ label }) => label === records.label)?.ports).toEqual(ports.map(({ hostPort }) => hostPort))
      await names.release(records)
      expect(await names.isClaimed(records)).toBe(false)
    })

    it('keeps what it acknowledged when it is killed, and is retried while it is away', async () => {
      const claims = Array.from({ length: 20 }, () => newRecords(of.zone))
      await Promise.all(claims.map((records) => names.claim(records)))
      await of.kill()
      await expect(names.claim(newRecords(of.zone))).rejects.toThrow(/Nothing answers at 127\.0\.0\.1|does not answer/)
      await expect(names.list(of.zone)).rejects.toThrow('cannot be reached')
      await of.start()
      expect(await Promise.all(claims.map((records) => names.isClaimed(records)))).toEqual(claims.map(() => true))
      await Promise.all(claims.map((records) => names.release(records)))
    })

    it('says so when its clock and ours differ by an hour', async () => {
      const late = createRfc2136Names({ zones: { [of.zone]: of }, marks, now: () => Math.floor(Date.now() / 1000) - 3_600 })
      await expect(late.claim(newRecords(of.zone))).rejects.toThrow(/The nameserver's clock is off by 3,(600|599|601) s: it is ahead of ours/)
      await late.close()
    })

    it.each([
      ['an unknown key', { name: 'nobody-key' }, 'BADKEY'],
      ['a wrong secret', { secret: Buffer.alloc(32) }, 'BADSIG'],
    ])('never takes the answer to %s for a result', async (_, wrong, says) => {
      const records = newRecords(of.zone)
      const stranger = createRfc2136Names({ zones: { [of.zone]: { server: of.server, key: { ...of.key, ...wrong } } }, marks })
      for (const call of [() => stranger.claim(records), () => stranger.release(records), () => stranger.isClaimed(records), () => stranger.list(of.zone)]) {
        const error: unknown = await call().then(() => undefined, (error: unknown) => error)
        expect(error).not.toBeInstanceOf(NameConflict)
        expect(String(error)).toContain(says)
      }
      await stranger.close()
      expect(await names.isClaimed(records)).toBe(false)
    })

    it('says so when a zone has no nameserver', async () => {
      await expect(names.claim(newRecords('elsewhere.test'))).rejects.toThrow('No nameserver is configured for the zone elsewhere.test.')
    })
  })
}
