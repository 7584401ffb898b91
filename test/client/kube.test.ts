import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseLine } from '../../client/commands/line.ts'
import { type ReachAsked, accountId, leaseId } from '../../workflows/contract.ts'
import type { Access } from '../../workflows/ports.ts'
import type { LeaseStatus } from '../../workflows/terms.ts'
import { type Child, berthChild } from './child.ts'
import { desk, held, key, leaseStatus, refusing, stage, webId } from './fake.ts'

const access: Access = { server: 'https://192.0.2.9:6443', authority: 'the authority', namespace: 'berth-t-1', user: 'reach-a1', token: 'the-secret-token', until: 5 }
const until = Date.UTC(2027, 0, 31, 12), place: LeaseStatus['place'] = {
  site: 'main', host: 'k1', number: 1, address: '192.0.2.1', runtime: 'kubernetes', zone: 'berth.test', hostPorts: [30_001],
}
const otherKey = 'abcdefghij0123456789', otherId = leaseId({ name: 'other', member: 'mika', key: otherKey })
const other = { ...held, key: otherKey, leaseId: otherId, name: 'other', since: 2 }

let home = '', url = '', it = stage(), close: () => Promise<void>
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'berth-kube-'))
  it = stage({ listen: { host: '127.0.0.1', port: 0 } })
  lends(webId, { place })
  const listening = await it.gateway.listen()
  url = listening.url
  close = () => listening.close()
  await berth(['login', 'mika', '--password-stdin'], { input: 'secret of mika\n' })
})
afterEach(async () => {
  await close()
  rmSync(home, { recursive: true, force: true })
})

const berth = (words: readonly string[], more: Pick<Child, 'input' | 'env'> = {}) => berthChild(words, { home, gateway: url, ...more })
/** A lease that gives what it is asked for, or refuses in `refuses`. */
function lends(id: string, status: Partial<LeaseStatus>, { site = 'main', refuses }: { site?: string; refuses?: Error } = {}): void {
  it.workflows.set(id, { query: () => leaseStatus({ leaseId: id, ...status }), update: (name, asked: ReachAsked) => {
    if (refuses) throw refuses
    return name === 'unreach' ? { grants: 2, restarted: 1 } : { sealed: JSON.stringify([asked.to, asked.key, access]), until, site }
  } })
}
const usual = () => join(home, '.config/berth/kube-main.yaml')
const asked = (name: string) => it.calls.filter((call) => call.name === name)

describe('berth kube', () => {
  test('writes a kubeconfig for its owner alone, and says until when, and nothing of the secret', async () => {
    const { code, out, err } = await berth(['kube', 'web'])
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^web, and all that you have on its cluster, is open to kubectl until 2027-01-31 \d\d:\d\d\.\nexport KUBECONFIG=\/\S+\/\.config\/berth\/kube-main\.yaml\n$/)
    expect(statSync(usual()).mode & 0o777).toBe(0o600)
    expect(parse(readFileSync(usual(), 'utf8'))).toMatchObject({ users: [{ user: { token: access.token } }], clusters: [{ cluster: { server: access.server } }] })
    expect(readdirSync(join(home, '.config/berth'))).toEqual(['kube-main.yaml'])
  })

  test('replaces what was there, whole, whoever could read it', async () => {
    await berth(['kube'])
    writeFileSync(usual(), 'x'.repeat(100_000))
    const { mode } = statSync(usual())
    expect((await berth(['kube'])).code).toBe(0)
    expect(parse(readFileSync(usual(), 'utf8'))).toMatchObject({ kind: 'Config' })
    expect(statSync(usual()).mode).toBe(mode)
    const elsewhere = join(home, 'elsewhere')
    writeFileSync(elsewhere, 'mine', { mode: 0o644 })
    rmSync(usual())
    symlinkSync(elsewhere, usual())
    await berth(['kube'])
    expect(readFileSync(elsewhere, 'utf8')).toBe('mine')
  })

  test('goes where it is told: into a file, to standard output, and as JSON without the secret unless it is printed', async () => {
    const file = join(home, "it's here.yaml")
    expect((await berth(['kube', 'web', '--out', file])).out).toContain(`export KUBECONFIG='${file.replace("'", "'\\''")}'\n`)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const printed = await berth(['kube', 'web', '--out', '-'])
    expect(parse(printed.out)).toMatchObject({ users: [{ user: { token: access.token } }] })
    expect(printed.err).toMatch(/^web, and all/)
    expect(JSON.parse((await berth(['kube', 'web', '--json'])).out)).toEqual({ name: 'web', site: 'main', namespace: 'berth-t-1', until, file: usual() })
    expect(JSON.parse((await berth(['kube', 'web', '--json', '--out', '-'])).out)).toMatchObject({ kubeconfig: expect.stringContaining(access.token) as unknown })
  })

  test('that cannot be written says how to end what was given', async () => {
    for (const out of [home, join(home, 'nowhere/kube.yaml')]) {
      expect(await berth(['kube', 'web', '--out', out])).toMatchObject({ code: 2, out: '', err: expect.stringContaining('berth kube --revoke') as unknown })
    }
  })

  test('of a site with an odd name stays in its folder', async () => {
    lends(webId, { place }, { site: '../../../etc/x' })
    expect((await berth(['kube', 'web'])).code).toBe(0)
    expect(readdirSync(join(home, '.config/berth'))).toEqual(['kube-_________etc_x.yaml'])
  })

  test('without a name means the newest lease on a cluster', async () => {
    it.desks.set('mika', desk('mika', { leases: [held, other, { ...held, key: 'c', leaseId: 'lease:docker', name: 'docker', since: 9 }] }))
    lends(otherId, { place })
    lends('lease:docker', { place: { ...place, runtime: 'docker' } })
    expect((await berth(['kube'])).out).toMatch(/^other,/)
    lends(otherId, { place, phase: 'paused' })
    expect((await berth(['kube'])).out).toMatch(/^web,/)
  })

  test('is refused where there is none, and later where nobody can say', async () => {
    lends(webId, {})
    expect(await berth(['kube'])).toEqual({ code: 3, out: '', err: 'None of your leases is on a Kubernetes cluster. Lend on one with: berth lend IMAGE --on kubernetes\n' })
    it.workflows.set(webId, { query: () => { throw Object.assign(new Error('Failed', { cause: Object.assign(new Error('away'), { code: 14, details: '', metadata: {} }) })) } })
    expect((await berth(['kube'])).code).toBe(5)
    lends(webId, { place }, { refuses: refusing('tooEarly', 'web sleeps. Wake it first with: berth resume web') })
    expect(await berth(['kube', 'web'])).toEqual({ code: 3, out: '', err: 'web sleeps. Wake it first with: berth resume web\n' })
    expect(() => statSync(usual())).toThrow(/ENOENT/)
  })

  test('ends them for one lease, or for all that are on a cluster', async () => {
    expect((await berth(['kube', 'web', '--revoke'])).out).toBe('2 kubeconfigs have ended; a container was started afresh, for nothing else closes what was open.\n')
    it.desks.set('mika', desk('mika', { leases: [held, other] }))
    lends(otherId, {}, { refuses: refusing('noReach', 'It is on no cluster.') })
    expect(JSON.parse((await berth(['kube', '--revoke', '--json'])).out)).toEqual({ ended: [{ name: 'web', grants: 2, restarted: 1 }] })
    lends(otherId, {}, { refuses: refusing('tryLater', 'k2 does not answer.') })
    expect(await berth(['kube', '--revoke'])).toMatchObject({ code: 5, err: 'k2 does not answer.\n' })
    it.desks.set('mika', desk('mika'))
    expect((await berth(['kube', '--revoke'])).out).toBe('There was no kubeconfig to end.\n')
  })

  test('in a chat says that it is for a terminal, and why', () => {
    expect(parseLine('kube web')).toMatchObject({ refusal: { kind: 'badLine', sentence: 'berth kube is for a terminal, for a kubeconfig is a secret, and none is ever told in a chat; berth help lists what there is here.' } })
  })
})

describe('the gateway', () => {
  const post = async (body: object, id: string) => it.post('/v1/commands/kube', body, { token: (await it.login('mika')).access, headers: { 'idempotency-key': id } })

  test('asks with a key of its own each time, also for a request that is delivered twice', async () => {
    for (const _ of [1, 2]) expect((await post({ lease: 'web' }, 'request-0001')).status).toBe(200)
    const [one, two] = asked('reach') as { updateId: string; arg: ReachAsked }[]
    expect(one!.arg).toMatchObject({ key, by: { uid: 'mika' } })
    expect(one!.arg.to).not.toBe(two!.arg.to)
    expect([one!.updateId, two!.updateId]).toEqual([`reach-${one!.arg.to}`, `reach-${two!.arg.to}`])
  })

  test('shows nobody what was sealed for another request', async () => {
    it.workflows.set(webId, { query: () => leaseStatus({ place }), update: () => ({ sealed: JSON.stringify(['another', key, access]), until, site: 'main' }) })
    const answer = await post({ lease: 'web' }, 'request-0002')
    expect(answer.status).toBe(500)
    expect(JSON.stringify(answer.body)).not.toContain(access.token)
  })

  test('logs that it was asked, and nothing of what it answered', async () => {
    expect((await post({ lease: 'web' }, 'request-0003')).body).toMatchObject({ kubeconfig: expect.stringContaining(access.token) as unknown })
    expect(it.log.some((line) => line['command'] === 'kube')).toBe(true)
    for (const secret of [access.token, '192.0.2.9', 'the authority', access.namespace]) expect(JSON.stringify(it.log)).not.toContain(secret)
  })

  test('ends a member\'s kubeconfigs when an admin signs her or him out', async () => {
    const { access: token } = await it.login('olga')
    expect((await it.post('/v1/commands/admin/revoke', { member: 'mika' }, { token })).status).toBe(200)
    expect(asked('unreach')).toMatchObject([{ id: webId, arg: { key, by: { uid: 'olga', admin: true } } }])
    expect(it.calls.some(({ id, name }) => id === accountId('mika') && name === 'signOut')).toBe(true)
  })
})
