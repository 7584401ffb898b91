import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { inMemory, createBerth, safeGateway, type LeaseEvent } from '../../client/berth.ts'
import { networks, originOf, plainAddress } from '../../client/gateway/address.ts'
import { after } from '../../client/gateway/events.ts'
import { InFlight, SlidingWindow } from '../../client/gateway/limits.ts'
import { Refused } from '../../client/refused.ts'
import type { Listening } from '../../client/gateway/listen.ts'
import type { LeaseStatus } from '../../workflows/terms.ts'
import { held, key, leaseStatus, stage, webId } from './fake.ts'

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})
const opened = async (it: ReturnType<typeof stage>): Promise<Listening> => {
  const listening = await it.gateway.listen()
  closing.push(() => listening.close())
  return listening
}
const here = { listen: { host: '127.0.0.1', port: 0 } }

/** A certificate for 127.0.0.1, made now. */
function certificate() {
  const folder = mkdtempSync(join(tmpdir(), 'berth-tls-'))
  closing.push(() => rmSync(folder, { recursive: true, force: true }))
  const certFile = join(folder, 'cert.pem'), keyFile = join(folder, 'key.pem')
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj', '/CN=berth test',
    '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' })
  return { certFile, keyFile }
}

/** The server is in this process, so the client must not block it. */
const handshake = (port: number, more: string[]) => new Promise<number | null>((resolve) => {
  spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-brief', ...more], { stdio: 'ignore' }).on('close', resolve)
})

describe('the listener', () => {
  test.each(['0.0.0.0', '::', '192.0.2.1'])('refuses plain HTTP on %s', async (host) => {
    await expect(stage({ listen: { host, port: 0 } }).gateway.listen()).rejects.toThrow('only on loopback')
  })

  test('says so when the port is taken', async () => {
    const { port } = await opened(stage(here))
    await expect(stage({ listen: { host: '127.0.0.1', port } }).gateway.listen()).rejects.toThrow('EADDRINUSE')
  })

  test('serves TLS from files, and only TLS', async () => {
    const tls = certificate()
    const { url, port } = await opened(stage({ ...here, tls }))
    expect(url).toBe(`https://127.0.0.1:${port}`)
    expect(await handshake(port, ['-CAfile', tls.certFile, '-verify_return_error'])).toBe(0)
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow()
    expect(await handshake(port, ['-tls1_1'])).not.toBe(0)
  })

  test('cuts off a header that is too long, and goes on', async () => {
    const { url, port } = await opened(stage(here))
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(`GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(40_000)}\r\n\r\n`))
      let text = ''
      socket.on('data', (chunk) => { text += chunk.toString() }).on('close', () => resolve(text)).on('error', () => resolve(text))
    })
    expect(answer).not.toContain('200 OK')
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })
})

describe('where a request comes from', () => {
  const isProxy = networks(['10.0.0.0/24', '2001:db8::1'])
  const seen = (peer: string | undefined, headers: Record<string, string> = {}, tls = false) => originOf({ peer, tls, header: (name) => headers[name] }, isProxy)

  test('is the peer, whatever its headers say', () => {
    expect(seen('203.0.113.5', { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https' })).toEqual({ is: 'member', address: '203.0.113.5', secure: false })
    expect(seen('::ffff:203.0.113.5', {}, true)).toEqual({ is: 'member', address: '203.0.113.5', secure: true })
  })

  test('is what a trusted proxy saw, not what stands left of it', () => {
    const from = { 'x-forwarded-for': '127.0.0.1, 198.51.100.9, 203.0.113.5, 10.0.0.7', 'x-forwarded-proto': 'https' }
    expect(seen('10.0.0.3', from)).toEqual({ is: 'member', address: '203.0.113.5', secure: true })
    expect(seen('2001:db8::1', { 'x-forwarded-for': '[2001:db8::99]:4711', 'x-forwarded-proto': 'http, https' })).toEqual({ is: 'member', address: '2001:db8::99', secure: true })
  })

  test('is not secure when the proxy itself was spoken to in the clear', () => {
    expect(seen('10.0.0.3', { 'x-forwarded-for': '203.0.113.5', 'x-forwarded-proto': 'https, http' })).toMatchObject({ secure: false })
    expect(seen('10.0.0.3', { 'x-forwarded-for': '203.0.113.5' })).toMatchObject({ secure: false })
  })

  test('is secure on loopback', () => {
    expect(seen('127.0.0.1')).toMatchObject({ secure: true })
    expect(seen('::1')).toMatchObject({ secure: true })
    expect(plainAddress('fe80::1%eth0')).toBe('fe80::1')
  })

  test('of the wrong kind is told to use https, before anything else', async () => {
    const it = stage()
    const answer = await it.post('/v1/login', { uid: 'mika', password: 'secret of mika' }, { from: '203.0.113.5', headers: { 'x-forwarded-proto': 'https', 'x-forwarded-for': '127.0.0.1' } })
    expect(answer.status).toBe(401)
    expect(answer.body.error?.sentence).toContain('https')
    expect(it.directory.tries).toBe(0)
  })

  test('needs networks that are some', () => {
    expect(() => networks(['proxy.example.org'])).toThrow('neither an address nor a network')
  })
})

describe('limits in memory', () => {
  test('forget the oldest when there are too many names', () => {
    const window = new SlidingWindow({ count: 1, windowMs: 1000 }, 3)
    for (const name of ['a', 'b', 'c', 'd']) window.add(name, 0)
    expect(window.size).toBe(3)
    expect(['a', 'b', 'd'].map((name) => window.waitMs(name, 1) > 0)).toEqual([false, true, true])
  })

  test('slide: a try is allowed as soon as the oldest of the window is over', () => {
    const window = new SlidingWindow({ count: 2, windowMs: 1000 }, 3)
    window.add('a', 0)
    window.add('a', 600)
    expect([700, 999, 1000, 1601].map((now) => window.waitMs('a', now))).toEqual([300, 1, 0, 0])
  })

  test('of requests under way let go once, however often one leaves', () => {
    const inFlight = new InFlight(1), leave = inFlight.enter('a')
    expect(inFlight.enter('a')).toBeUndefined()
    leave?.()
    const again = inFlight.enter('a')
    leave?.()
    expect(inFlight.enter('a')).toBeUndefined()
    again?.()
    expect(inFlight.enter('a')).toBeDefined()
  })
})

describe('live steps', () => {
  const story: LeaseStatus[] = [
    leaseStatus({ phase: 'waiting', queue: { position: 2, reason: 'waits for 1 cpu' }, timeline: [{ at: 1, what: 'asked for' }] }),
    leaseStatus({ phase: 'starting', host: 'host-1', timeline: [{ at: 1, what: 'asked for' }, { at: 5, what: 'placed' }, { at: 5, what: 'pulls' }] }),
    leaseStatus({ phase: 'ready', until: 99, timeline: [{ at: 1, what: 'asked for' }, { at: 5, what: 'placed' }, { at: 5, what: 'pulls' }, { at: 9, what: 'ready' }] }),
  ]
  const telling = (states: readonly (LeaseStatus | Error)[]) => {
    const it = stage({ ...here, eventFirstMs: 5, eventMostMs: 20 })
    let asked = 0
    it.workflows.set(webId, { query: () => {
      const state = states[Math.min(asked++, states.length - 1)]
      if (state instanceof Error) throw state
      return state
    } })
    return it
  }
  const followed = async (it: ReturnType<typeof stage>, gateway: string) => {
    const berth = createBerth({ gateway, tokens: inMemory(await it.login('mika')) }), events: LeaseEvent[] = []
    for await (const event of berth.events('web')) events.push(event)
    return events
  }
  const words = (events: readonly LeaseEvent[]) => events.map((one) => one.event === 'step' ? one.data.what : one.event === 'status' ? one.data.phase : one.data.reason)

  test('come one by one, each once, until the lease is ready', async () => {
    const it = telling(story)
    const { url } = await opened(it)
    expect(words(await followed(it, url))).toEqual(['asked for', 'waiting', 'placed', 'pulls', 'starting', 'ready', 'ready', 'settled'])
  })

  test('go on behind the last one that was seen', async () => {
    const it = telling(story.slice(2))
    const { url } = await opened(it)
    const { access } = await it.login('mika')
    const response = await fetch(`${url}/v1/leases/${key}/events`, { headers: { authorization: `Bearer ${access}`, 'last-event-id': '5.0' } })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const text = await response.text()
    expect(text.match(/^id: .*$/gm)).toEqual(['id: 5.1', 'id: 9.0'])
    expect(after(story[2]?.timeline ?? [], 'nonsense')).toHaveLength(4)
  })

  test('survive a moment of trouble, and a stream that ends early', async () => {
    const away = Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: '', metadata: {} })
    const it = telling([story[0] as LeaseStatus, away, away, story[1] as LeaseStatus, ...Array<Error>(10).fill(away), story[2] as LeaseStatus])
    const { url } = await opened(it)
    const seen = words(await followed(it, url))
    expect(seen.filter((word) => word === 'placed')).toHaveLength(1)
    expect(seen.slice(-2)).toEqual(['ready', 'settled'])
  })

  test('stop asking when nobody listens any more, and let go of their place', async () => {
    const it = telling(story.slice(0, 1))
    let asked = 0
    it.workflows.set(webId, { query: () => (asked++, story[0]) })
    const { url } = await opened(it)
    const { access } = await it.login('mika'), leave = new AbortController()
    const response = await fetch(`${url}/v1/leases/web/events`, { headers: { authorization: `Bearer ${access}` }, signal: leave.signal })
    await response.body?.getReader().read()
    leave.abort()
    let before = -1
    await expect.poll(() => {
      const still = asked === before
      before = asked
      return still
    }, { interval: 200, timeout: 20_000 }).toBe(true)
  })

  test('are for the member alone', async () => {
    const it = telling(story)
    const { url } = await opened(it)
    const { access } = await it.login('noah')
    for (const lease of [key, 'web', held.label]) {
      expect((await fetch(`${url}/v1/leases/${lease}/events`, { headers: { authorization: `Bearer ${access}` } })).status).toBe(404)
    }
    expect((await fetch(`${url}/v1/leases/${key}/events`)).status).toBe(401)
  })
})

describe('the library', () => {
  test.each(['http://berth.example.org', 'http://10.0.0.1', 'http://127.0.0.1.example.org', 'http://localhost.example.org', 'ftp://x', 'berth', 'https://u:p@x', 'http://[::2]', 'http://0.0.0.0'])('refuses to speak to %s', (url) => {
    expect(() => safeGateway(url)).toThrow(Refused)
  })

  test.each(['https://berth.example.org', 'http://127.0.0.1:1', 'http://127.8.9.1', 'http://localhost:1', 'http://[::1]:1'])('speaks to %s', (url) => {
    expect(safeGateway(url).href).toContain(url)
  })

  test('renews a token that is about to end, and one that was just refused', async () => {
    const it = stage(here)
    const { url } = await opened(it)
    const first = await it.login('mika'), tokens = inMemory({ ...first, accessUntil: 0 })
    expect(await createBerth({ gateway: url, tokens }).list()).toMatchObject({ leases: [{ name: 'web' }] })
    expect(tokens.read()?.access).not.toBe(first.access)
    const broken = inMemory({ ...first, access: 'k1.AAAA' })
    expect(await createBerth({ gateway: url, tokens: broken }).list()).toMatchObject({ leases: [{ name: 'web' }] })
  })

  test('does not follow a redirect with a token, nor believe a stranger’s page', async () => {
    const { createServer } = await import('node:http')
    const server = createServer((request, response) => request.url === '/v1/commands/list'
      ? response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end()
      : response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Router login</h1>'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => new Promise<void>((resolve) => { server.close(() => resolve()) }))
    const gateway = `http://127.0.0.1:${(server.address() as { port: number }).port}`
    const berth = createBerth({ gateway, tokens: inMemory({ uid: 'mika', access: 'a', accessUntil: 9e15, refresh: 'r', refreshUntil: 9e15 }) })
    await expect(berth.list()).rejects.toThrow('does not answer')
    await expect(berth.login('mika', 'x')).rejects.toThrow('is not a gateway of Berth')
  })
})
