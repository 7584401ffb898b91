/** Every hazard of ldapjs that was seen (a call that never settles, an event that ends the process), on a real slapd. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createLdapDirectory, type LdapOptions } from '../../../activities/ldap/directory.ts'
import { DirectoryUnavailable, LoginDenied } from '../../../workflows/ports.ts'
import { startLab, type SlapdLab } from './lab.ts'
import { startProxy } from './proxy.ts'

let lab: SlapdLab
beforeAll(async () => { lab = await startLab() })
afterAll(() => lab?.stop())

const mika = { is: 'person', person: { uid: 'mika' } }
const open = (over: Partial<LdapOptions> = {}, as?: Parameters<SlapdLab['options']>[1]) => createLdapDirectory(lab.options(over, as))
/** Both verbs, for known and unknown names: nobody may be absent or denied. */
async function assertUnavailable(directory: ReturnType<typeof open>): Promise<void> {
  const asked = [directory.find('mika'), directory.find('nobody'), directory.login('mika', 'mika-secret'), directory.login('nobody', 'x')]
  for (const outcome of await Promise.allSettled(asked)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(DirectoryUnavailable) })
  }
}
const sockets = () => process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Pipe.*Connect/.test(name)).length

describe('a server in trouble', () => {
  afterEach(async () => {
    lab.thaw()
    await lab.kill()
    await lab.start()
  })

  test('down at start: unavailable at once, and found when it is up', async () => {
    await lab.kill()
    const directory = open()
    await assertUnavailable(directory)
    await lab.start()
    expect(await directory.find('mika')).toMatchObject(mika)
  })

  test('restarted between two questions: the second is answered', async () => {
    const directory = open()
    expect(await directory.find('mika')).toMatchObject(mika)
    await lab.kill()
    await lab.start()
    expect(await directory.find('mika')).toMatchObject(mika)
  })

  test('frozen: unavailable at the deadline, over LDAP, StartTLS and LDAPS', async () => {
    lab.freeze()
    const tls = { ca: join(lab.dir, 'ca.pem') }, deadlineMs = 700
    for (const over of [{}, { startTls: true, tls }, { url: `ldaps://127.0.0.1:${lab.tlsPort}`, tls }]) {
      const started = performance.now()
      await assertUnavailable(open({ ...over, deadlineMs }))
      expect(performance.now() - started).toBeGreaterThanOrEqual(deadlineMs - 50)
    }
    // A handshake that hangs is dropped too, not only given up.
    await expect.poll(sockets, { timeout: 20_000 }).toBe(0)
  })

  test('killed in mid-conversation: unavailable, nothing uncaught', async () => {
    lab.freeze()
    const asked = assertUnavailable(open())
    await lab.kill()
    await asked
  })
})

describe('a conversation that breaks', () => {
  test.each([30, 14, 15, 1, 0])('a stall after %d bytes is unavailable at the deadline', async (stallAfter) => {
    await using proxy = await startProxy(lab.port, { stallAfter })
    await assertUnavailable(open({ url: proxy.url, deadlineMs: 500 }))
  })

  test('a server that drips a byte at a time cannot stretch the deadline', async () => {
    await using proxy = await startProxy(lab.port, { dripMs: 100 })
    const started = performance.now()
    await assertUnavailable(open({ url: proxy.url, deadlineMs: 1000 }))
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  test.each([{ resetAfter: 1 }, { resetAfter: 2 }, { closeAfter: 1 }])('a connection that ends early (%j) is unavailable', async (faults) => {
    await using proxy = await startProxy(lab.port, faults)
    await assertUnavailable(open({ url: proxy.url }))
  })

  test('100 refused and 100 reset conversations leave no socket, and no uncaught exception', async () => {
    const uncaught: unknown[] = []
    const note = (error: unknown) => uncaught.push(error)
    process.on('uncaughtExceptionMonitor', note)
    try {
      await using proxy = await startProxy(lab.port, { resetAfter: 1 })
      const refused = open({ url: 'ldap://127.0.0.1:1' }), reset = open({ url: proxy.url })
      for (let round = 0; round < 10; round++) {
        const asked = Array.from({ length: 10 }, () => [refused.find('mika'), reset.find('mika')]).flat()
        for (const { status } of await Promise.allSettled(asked)) expect(status).toBe('rejected')
      }
    } finally {
      process.off('uncaughtExceptionMonitor', note)
    }
    for (let round = 0; round < 10; round++) {
      await Promise.allSettled(Array.from({ length: 10 }, () => open().login('mika', 'wrong')))
    }
    await expect.poll(sockets, { timeout: 20_000 }).toBe(0)
    expect(uncaught).toEqual([])
  })

  test('bytes that are no LDAP are unavailable', async () => {
    await using web = await startProxy(await listenNonsense())
    await assertUnavailable(open({ url: web.url, deadlineMs: 2000 }))
  })
})

describe('TLS', () => {
  const tls = () => ({ ca: join(lab.dir, 'ca.pem') })
  const ldaps = () => `ldaps://127.0.0.1:${lab.tlsPort}`

  test('StartTLS and LDAPS with the right authority work, login too', async () => {
    for (const over of [{ startTls: true, tls: tls() }, { url: ldaps(), tls: tls() }]) {
      expect(await open(over).find('mika')).toMatchObject(mika)
      expect(await open(over).login('mika', 'mika-secret')).toMatchObject({ uid: 'mika' })
    }
  })

  test('another authority, none, or a name that the certificate has not: unavailable, and no password is sent', async () => {
    const stranger = { ca: join(lab.dir, 'stranger.pem') }
    await using proxy = await startProxy(lab.port)
    // The certificate is for 127.0.0.1 alone.
    const byName = proxy.url.replace('127.0.0.1', 'localhost')
    for (const over of [
      { url: proxy.url, startTls: true, tls: stranger }, { url: proxy.url, startTls: true }, { url: byName, startTls: true, tls: tls() },
      { url: ldaps(), tls: stranger }, { url: ldaps() }, { url: ldaps().replace('127.0.0.1', 'localhost'), tls: tls() },
    ]) await assertUnavailable(open(over))
    expect(proxy.connections()).toBeGreaterThan(0)
    expect(proxy.sent()).not.toContain('secret')
  })

  test('a password never travels in clear beyond loopback', () => {
    expect(() => open({ url: 'ldap://directory.example.org' })).toThrow(/in clear/)
    expect(() => open({ url: 'ldap://directory.example.org', startTls: true })).not.toThrow()
    expect(() => open({ url: 'ldap://[::1]:389' })).not.toThrow()
  })
})

describe('what must never be sent', () => {
  test('an empty password is denied without a word to the server, which would answer "success"', async () => {
    await using proxy = await startProxy(lab.port)
    const directory = open({ url: proxy.url })
    for (const password of ['', undefined, null] as string[]) {
      await expect(directory.login('mika', password)).rejects.toBeInstanceOf(LoginDenied)
    }
    expect(proxy.connections()).toBe(0)
  })

  test('a uid with control characters or beyond 200 letters never reaches the server', async () => {
    await using proxy = await startProxy(lab.port)
    const directory = open({ url: proxy.url })
    for (const uid of ['evil\0uid', 'evil\nuid', 'evil'.repeat(60), 'evil\ud800']) expect(await directory.find(uid)).toEqual({ is: 'absent' })
    expect(proxy.sent()).not.toContain('evil')
  })
})

describe('our own misconfiguration is unavailable, never "no such member"', () => {
  const elsewhere = 'ou=elsewhere,dc=univ,dc=example'
  test.each<[string, Partial<LdapOptions>, 'blind' | 'groupblind' | 'tiny' | undefined]>([
    ['a base that does not exist', { base: 'ou=wrong,dc=univ,dc=example' }, undefined],
    ['a base in another directory', { base: 'dc=other' }, undefined],
    ['a base that is no name', { base: 'nonsense' }, undefined],
    ['an empty replica', { base: 'ou=empty,dc=univ,dc=example', groupBase: 'ou=empty,dc=univ,dc=example' }, undefined],
    ['a base that is another subtree', { base: 'ou=twins,dc=univ,dc=example' }, undefined],
    ['a referral in the way', { base: elsewhere }, undefined],
    ['a base behind a referral', { base: `ou=away,${elsewhere}` }, undefined],
    ['an access rule that hides everybody', {}, 'blind'],
    ['a service account that does not exist', { bindDn: 'cn=wrong,dc=univ,dc=example' }, undefined],
    ['a size limit below a member\'s groups', {}, 'tiny'],
    ['a canary that is not there', { canary: { uid: 'flown', group: 'canaries' }, groupBase: 'ou=empty,dc=univ,dc=example' }, undefined],
    ['a certificate file that is missing', { tls: { ca: '/nowhere/ca.pem' } }, undefined],
    ['a password file that is missing', { bindPasswordFile: '/nowhere/password' }, undefined],
  ])('%s', async (_what, over, as) => {
    const directory = open(over, as)
    await expect(directory.find('mika')).rejects.toBeInstanceOf(DirectoryUnavailable)
    await expect(directory.login('mika', 'mika-secret')).rejects.toBeInstanceOf(DirectoryUnavailable)
  })

  test('a wrong or an empty password of the service account', async () => {
    for (const password of ['wrong', '', '\n']) {
      const bindPasswordFile = join(lab.dir, 'other-password')
      await writeFile(bindPasswordFile, password)
      await assertUnavailable(open({ bindPasswordFile }))
    }
  })

  test('groups that are hidden, or looked for in the wrong place, take nobody\'s rights away', async () => {
    await assertUnavailable(open({}, 'groupblind'))
    await assertUnavailable(open({ groupBase: 'ou=empty,dc=univ,dc=example' }))
    await assertUnavailable(open({ groupBase: 'ou=empty,dc=univ,dc=example', groups: 'memberOf' }))
  })

  test('the sentence names what is wrong and holds no password', async () => {
    const error = await open({ base: 'ou=wrong,dc=univ,dc=example' }).login('mika', 'mika-secret').catch((error: Error) => error)
    expect((error as Error).message).toMatch(/code 32/)
    expect(JSON.stringify([(error as Error).message, error])).not.toContain('secret')
  })
})

describe('entries that are odd', () => {
  test('a uid that two or three have is nobody\'s login, and no absence', async () => {
    const twins = open({ base: 'ou=twins,dc=univ,dc=example' })
    for (const uid of ['twin', 'triplet']) {
      await expect(twins.find(uid)).rejects.toBeInstanceOf(DirectoryUnavailable)
      await expect(twins.login(uid, 'twin-secret')).rejects.toBeInstanceOf(LoginDenied)
    }
  })

  test('posixGroup lists members by uid, beside groups that list them by name', async () => {
    const both = await open({ memberAttributes: ['member', 'memberUid'] }).find('mika')
    expect(both).toMatchObject(mika)
    expect(both.is === 'person' && [...both.person.groups].sort()).toEqual(['posix', 'staff', 'students'])
  })

  test('an attribute of the organisation\'s own may shut an account', async () => {
    const disabled = [{ attribute: 'sn', equals: 'X' }]
    expect(await open({ disabled }).find('mika')).toMatchObject({ person: { disabled: true } })
    expect(await open({ disabled: [] }).find('gone')).toMatchObject({ person: { disabled: false } })
  })
})

async function listenNonsense(): Promise<number> {
  const { createServer } = await import('node:net')
  const server = createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(50))).listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  afterAll(() => new Promise<void>((done) => server.close(() => done())))
  return (server.address() as { port: number }).port
}
