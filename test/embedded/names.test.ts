import { afterEach, expect, test } from 'vitest'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { Resolver } from 'node:dns/promises'
import { promisify } from 'node:util'
import { startKnot } from '../../worker/embedded/knot.ts'
import { startNamed } from '../../worker/embedded/named.ts'
import type { Nameserver, NameserverOptions } from '../../worker/embedded/zone.ts'
import { folder, listens, lives, processesWith } from './folder.ts'

const zones = ['site1.lease.test', 'site2.lease.test']
const key = { name: 'site-key', secret: randomBytes(32).toString('base64') }

const cleanUps: (() => Promise<unknown>)[] = []
afterEach(async () => { for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp() })

async function started(start: (options: NameserverOptions) => Promise<Nameserver>): Promise<Nameserver & { dir: string }> {
  const { dir, remove } = await folder()
  cleanUps.push(remove)
  const server = await start({ dir, zones, key })
  cleanUps.push(() => server.kill())
  return Object.assign(Object.create(server) as Nameserver, { dir })
}

/** By nsupdate, so that our own client is no part of this test. */
function update(port: number, lines: string[], signed = true): Promise<unknown> {
  const sent = promisify(execFile)('nsupdate', [])
  const secret = signed ? [`key hmac-sha256:${key.name} ${key.secret}`] : []
  sent.child.stdin!.end([`server 127.0.0.1 ${port}`, ...secret, ...lines, 'send', ''].join('\n'))
  return sent
}

async function addresses(port: number, name: string): Promise<string[]> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  resolver.setServers([`127.0.0.1:${port}`])
  return resolver.resolve4(name)
}

for (const [name, start] of [
  ['Knot', startKnot], ['Knot with the notify remedy', (options: NameserverOptions) => startKnot({ ...options, notifyEveryMs: 100 })],
  ['BIND', startNamed],
] as const) {
  test(`${name} takes signed updates in each zone, refuses unsigned ones, and keeps them over a kill`, async () => {
    const server = await started(start)
    for (const zone of zones) await update(server.port, [`zone ${zone}`, `update add a.${zone} 30 A 192.0.2.1`])
    await expect(update(server.port, [`zone ${zones[0]}`, `update add b.${zones[0]} 30 A 192.0.2.1`], false)).rejects.toThrow()
    await server.kill()
    expect(await listens(server.port)).toBe(false)
    await server.start()
    for (const zone of zones) expect(await addresses(server.port, `a.${zone}`)).toEqual(['192.0.2.1'])
    await expect(addresses(server.port, `b.${zones[0]}`)).rejects.toThrow('ENOTFOUND')
  })

  test(`${name} leaves neither process nor port when it is stopped`, async () => {
    const server = await started(start)
    await server.stop()
    expect([lives(server.pid), await listens(server.port)]).toEqual([false, false])
    expect(processesWith(server.dir)).toEqual([])
  })
}

test('a nameserver whose port is taken says so, and is not mistaken for the one that has it', async () => {
  const first = await started(startKnot)
  const { dir, remove } = await folder()
  cleanUps.push(remove)
  await expect(startKnot({ dir, zones, key, port: first.port })).rejects.toThrow(/\(Knot\) ended before it was ready/)
  expect(processesWith(dir)).toEqual([])
})
