import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { accountId } from '../../workflows/contract.ts'
import { type Child, berthChild } from './child.ts'
import { desk, key, leaseStatus, refusing, stage, webId } from './fake.ts'

/** `berth` as a process of its own, against a gateway on loopback. */
let home = '', url = '', it = stage(), close: () => Promise<void>
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'berth-cli-'))
  it = stage({ listen: { host: '127.0.0.1', port: 0 }, eventFirstMs: 5, eventMostMs: 20 })
  const listening = await it.gateway.listen()
  url = listening.url
  close = () => listening.close()
})
afterEach(async () => {
  await close()
  rmSync(home, { recursive: true, force: true })
})

const berth = (words: readonly string[], more: Pick<Child, 'input' | 'env'> = {}) => berthChild(words, { home, gateway: url, ...more })
const login = () => berth(['login', 'mika', '--password-stdin'], { input: 'secret of mika\n' })
const tokens = () => join(home, '.local/state/berth/tokens.json')

describe('berth', () => {
  test('signs in, keeps the token for its owner alone, and signs out', async () => {
    expect(await login()).toEqual({ code: 0, out: 'You are signed in as mika.\n', err: '' })
    expect(statSync(tokens()).mode & 0o777).toBe(0o600)
    expect((await berth(['list'])).out).toContain('web')
    expect(await berth(['logout', '--json'])).toMatchObject({ code: 0, out: '{"uid":"mika"}\n' })
    expect(readFileSync(tokens(), 'utf8')).toBe('{}')
    expect((await berth(['list'])).code).toBe(6)
  })

  test('does not use a token that others may read', async () => {
    await login()
    chmodSync(tokens(), 0o640)
    expect(await berth(['list'])).toMatchObject({ code: 6, err: expect.stringContaining('Others may read') as unknown })
  })

  test('never takes a password from its words, nor asks for one without a terminal', async () => {
    expect((await berth(['login', 'mika', 'secret of mika'])).code).toBe(2)
    expect((await berth(['login', 'mika', '--password', 'x'])).code).toBe(2)
    expect(await berth(['login', 'mika'])).toMatchObject({ code: 2, err: expect.stringContaining('--password-stdin') as unknown })
  })

  test('speaks http to this machine alone', async () => {
    expect(await berth(['list', '--gateway', 'http://berth.example.org'])).toMatchObject({ code: 2, err: expect.stringContaining('https://berth.example.org') as unknown })
  })

  test('tells apart by exit code: misuse 2, refused 3, not found 4, try later 5, not signed in 6, unexpected 1', async () => {
    expect((await berth(['login', 'mika', '--password-stdin'], { input: 'wrong' })).code).toBe(6)
    await login()
    expect((await berth(['lend', 'nginx', '--for', '1,5h'])).code).toBe(2)
    expect((await berth(['status', 'nothing'])).code).toBe(4)
    expect((await berth(['admin', 'board'])).code).toBe(3)
    expect((await berth(['list', '--gateway', 'http://127.0.0.1:1'])).code).toBe(6)
    it.workflows.set(accountId('mika'), { query: () => desk('mika'), update: () => { throw refusing('tryLater', 'Later.') } })
    expect((await berth(['lend', 'nginx'])).code).toBe(5)
    it.workflows.set(accountId('mika'), { query: () => desk('mika'), update: () => { throw new TypeError('boom') } })
    const broken = await berth(['lend', 'nginx', '--json'])
    expect(broken.code).toBe(1)
    expect(JSON.parse(broken.out)).toMatchObject({ error: { kind: 'unexpected', requestId: expect.any(String) as unknown } })
    expect(broken.out + broken.err).not.toMatch(/boom|\bat /)
  })

  test('lends with plain lines in a pipe, and as JSON lines', async () => {
    await login()
    // The lease of the fake is `web`; its account answers with whatever key was asked for.
    it.workflows.set(accountId('mika'), {
      query: () => desk('mika', { leases: [{ key, leaseId: webId, name: 'web', label: 'web-x', image: 'nginx', cpu: 1, memory: 1, site: 'main', since: 1 }] }),
      update: () => ({ key, leaseId: webId, name: 'web', label: 'web-x', fqdn: 'web-x.berth.test', site: 'main', image: 'nginx', forMs: 1 }),
    })
    const plain = await berth(['lend', 'nginx'])
    expect(plain.code).toBe(0)
    expect(plain.out).toMatch(/^Reserved web \(nginx\) at main\. It will be web-x\.berth\.test\.\n\d\d:\d\d:\d\d {2}asked for\nweb is ready\n$/)
    const lines = (await berth(['lend', 'nginx', '--json'])).out.trim().split('\n').map((line) => JSON.parse(line) as { event: string })
    expect(lines.map(({ event }) => event)).toEqual(['receipt', 'step', 'status', 'end'])
    it.workflows.set(webId, { query: () => leaseStatus({ phase: 'ended', ending: { key, name: 'web', member: 'mika', image: 'nginx', reason: 'refused', sentence: 'It exited at once.', at: 2, refusal: 'exitedAtOnce' } }) })
    expect((await berth(['lend', 'nginx'])).code).toBe(3)
  })

  test('answers every command as one JSON object', async () => {
    await login()
    for (const words of [['list'], ['status', 'web'], ['notices'], ['help'], ['completion', 'bash'], ['return', 'web']]) {
      const { code, out } = await berth([...words, '--json'])
      expect(code).toBe(0)
      expect(JSON.parse(out)).toBeTypeOf('object')
      expect(out.trim().split('\n')).toHaveLength(1)
    }
  })
})
