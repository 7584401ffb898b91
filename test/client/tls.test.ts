import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Listening } from '../../client/gateway/listen.ts'
import { accountId } from '../../workflows/contract.ts'
import { makeCertificates, type Certificates } from '../../worker/embedded/certificate.ts'
import { type Child, berthChild } from './child.ts'
import { desk, held, key, stage, webId } from './fake.ts'

/** `berth` as a process of its own, against a gateway that serves TLS from files under an authority that nobody knows. */
let dir: string, home: string, it: ReturnType<typeof stage>, at: Listening, made: Certificates
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'berth-tls-'))
  made = makeCertificates(dir)
  it = stage({ listen: { host: '127.0.0.1', port: 0 }, eventFirstMs: 5, eventMostMs: 20, tls: made })
  at = await it.gateway.listen()
})
afterAll(async () => {
  await at.close()
  rmSync(dir, { recursive: true, force: true })
})
beforeEach(() => { home = mkdtempSync(join(dir, 'home-')) })

const berth = (words: readonly string[], more: Pick<Child, 'input' | 'env'> = {}) => berthChild(words, { home, gateway: at.url, ...more })
const login = (env: Record<string, string> = {}) => berth(['login', 'mika', '--password-stdin'], { input: 'secret of mika\n', env })
const sentence = (text: string) => expect.stringMatching(new RegExp(`^[^\\n]*${text}[^\\n]*\\n$`)) as string

describe('berth over TLS', () => {
  test('trusts the authority in BERTH_CA: it signs in, lends with live steps, and lists', async () => {
    const env = { BERTH_CA: made.caFile }
    it.workflows.set(accountId('mika'), {
      query: () => desk('mika', { leases: [held] }),
      update: (name) => name === 'signIn' ? 0 : { key, leaseId: webId, name: 'web', label: 'web-x', fqdn: 'web-x.berth.test', site: 'main', image: 'nginx', forMs: 1 },
    })
    expect(await login(env)).toEqual({ code: 0, out: 'You are signed in as mika.\n', err: '' })
    const lent = await berth(['lend', 'nginx'], { env })
    expect(lent).toMatchObject({ code: 0, err: '' })
    expect(lent.out).toMatch(/web is ready\n$/)
    expect((await berth(['list'], { env })).out).toContain('web')
  })

  test('trusts the one that its file of settings names', async () => {
    mkdirSync(join(home, '.config/berth'), { recursive: true })
    writeFileSync(join(home, '.config/berth/config.json'), JSON.stringify({ gateway: at.url, ca: made.caFile }))
    expect(await login({ BERTH_GATEWAY: '' })).toMatchObject({ code: 0, err: '' }) // a variable set to nothing counts as none
  })

  test('without it sends nothing, and says in one sentence what to do', async () => {
    const before = it.directory.tries
    expect(await login()).toEqual({ code: 5, out: '', err: sentence('is not trusted \\([A-Z_]+\\); name your organisation’s CA file in BERTH_CA\\.') })
    const json = await berth(['login', 'mika', '--password-stdin', '--json'], { input: 'secret of mika\n' })
    expect(JSON.parse(json.out)).toMatchObject({ error: { kind: 'tryLater', sentence: expect.stringContaining('BERTH_CA') as string } })
    expect(it.directory.tries).toBe(before)
  })

  test('trusts another authority no more than none', async () => {
    const other = makeCertificates(mkdtempSync(join(dir, 'other-')))
    expect(await login({ BERTH_CA: other.caFile })).toEqual({ code: 5, out: '', err: sentence('is not trusted.*BERTH_CA') })
  })

  test('a certificate for another name is no matter of BERTH_CA', async () => {
    const elsewhere = stage({ listen: { host: '127.0.0.2', port: 0 }, tls: made }), other = await elsewhere.gateway.listen()
    try {
      expect(await login({ BERTH_GATEWAY: other.url, BERTH_CA: made.caFile })).toEqual({ code: 5, out: '', err: sentence('not for 127\\.0\\.0\\.2; look at the address') })
      expect(elsewhere.directory.tries).toBe(0)
    } finally {
      await other.close()
    }
  })

  test('one that has ended is told as such', async () => {
    const folder = mkdtempSync(join(dir, 'ended-')), ended = makeCertificates(folder), file = (name: string) => join(folder, name)
    execFileSync('openssl', ['x509', '-req', '-in', file('server.csr'), '-CA', ended.caFile, '-CAkey', file('ca.key'), '-days', '-1',
      '-extfile', file('server.ext'), '-out', ended.certFile], { stdio: 'ignore' })
    const late = stage({ listen: { host: '127.0.0.1', port: 0 }, tls: ended }), other = await late.gateway.listen()
    try {
      expect(await login({ BERTH_GATEWAY: other.url, BERTH_CA: ended.caFile })).toEqual({ code: 5, out: '', err: sentence('not valid today \\(CERT_HAS_EXPIRED\\)') })
    } finally {
      await other.close()
    }
  })

  test.each([['is not there', undefined], ['holds no certificate', 'not a certificate\n'], ['is broken', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n']])('says so when the file %s', async (_, text) => {
    const file = join(home, 'ca.pem')
    if (text !== undefined) writeFileSync(file, text)
    expect(await login({ BERTH_CA: file })).toEqual({ code: 2, out: '', err: sentence(`The CA file ${file} .*look at BERTH_CA`) })
  })

  test.each(['http://berth.example.org', 'http://192.0.2.1:7870'])('refuses %s before it looks at any certificate', async (gateway) => {
    expect(await login({ BERTH_GATEWAY: gateway, BERTH_CA: made.caFile })).toEqual({ code: 2, out: '', err: sentence(`use ${gateway.replace('http:', 'https:')}`) })
  })

  test('plain http to a port that speaks TLS is told as trouble with the address', async () => {
    expect(await login({ BERTH_GATEWAY: at.url.replace('https:', 'http:') })).toEqual({ code: 5, out: '', err: sentence('does not answer.*look at the address') })
  })
})
