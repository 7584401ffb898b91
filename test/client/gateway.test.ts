import { WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client'
import { describe, expect, test } from 'vitest'
import { pause } from '../../client/commands/pause.ts'
import { keyOf } from '../../client/gateway/accounts.ts'
import { accountId, escapeUid, leaseId, siteId, untimely } from '../../workflows/contract.ts'
import type { Board, LendRequest } from '../../workflows/terms.ts'
import { desk, failed, held, key, leaseStatus, person, refusing, stage, webId } from './fake.ts'

const id = { 'idempotency-key': 'request-0001' }

describe('lend', () => {
  test('reaches the member’s own account with what was asked, the token’s epoch and a sealed environment', async () => {
    const { post, login, calls } = stage()
    const { access } = await login('mika')
    const lent = await post('/v1/commands/lend', { image: 'nginx', for: '2h', port: [80], env: { A: 'top secret' } }, { token: access, headers: id })
    expect(lent.status).toBe(200)
    expect(calls).toEqual([{ id: accountId('mika'), name: 'lend', updateId: 'request-0001', arg: {
      requestId: 'request-0001', key: keyOf('mika', 'request-0001'), image: 'nginx', forMs: 7_200_000, ports: [80], epoch: 0,
      env: `sealed A for ${keyOf('mika', 'request-0001')}`,
    } }])
  })

  test('may want a kind of host and GPUs, which are read as on a line', async () => {
    const { post, login, calls } = stage(), { access } = await login('mika')
    await post('/v1/commands/lend', { image: 'trainer', on: 'kubernetes', gpu: 2 }, { token: access })
    expect(calls).toMatchObject([{ name: 'lend', arg: { on: 'kubernetes', gpu: 2 } }])
    for (const wrong of [{ on: 'podman' }, { gpu: 0 }, { gpu: 0.5 }, { on: ['docker'] }]) {
      expect((await post('/v1/commands/lend', { image: 'trainer', ...wrong }, { token: access })).body.error?.kind).toBe('badLine')
    }
    expect(calls).toHaveLength(1)
  })

  test('of one request has one key; other requests and other members have others', () => {
    expect(keyOf('mika', 'r')).toMatch(/^[a-z0-9]{20}$/)
    expect(keyOf('mika', 'r')).toBe(keyOf('mika', 'r'))
    expect(new Set([keyOf('mika', 'r'), keyOf('mika', 's'), keyOf('noah', 'r'), keyOf('mik', 'ar')]).size).toBe(4)
  })

  test('without an id of its own gets a new one each time', async () => {
    const { post, login, calls } = stage()
    const { access } = await login('mika')
    for (let n = 0; n < 2; n++) await post('/v1/commands/lend', { image: 'nginx' }, { token: access })
    const [one, two] = calls.map(({ arg }) => (arg as LendRequest).key)
    expect(one).not.toBe(two)
  })

  test.each(['short', 'with space 123', 'x'.repeat(65), 'semi;colon123'])('with the request id %j is refused', async (bad) => {
    const { post, login, calls } = stage()
    expect((await post('/v1/commands/lend', { image: 'nginx' }, { token: (await login('mika')).access, headers: { 'idempotency-key': bad } })).status).toBe(400)
    expect(calls).toEqual([])
  })

  test('for somebody else is not possible: who asks is in the token alone', async () => {
    const { post, login, calls } = stage()
    const { access } = await login('mika')
    for (const more of [{ member: 'noah' }, { epoch: 9 }, { key: 'abc' }, { requestId: 'x' }, { reference: 'evil' }]) {
      expect((await post('/v1/commands/lend', { image: 'nginx', ...more }, { token: access })).body.error?.kind).toBe('badLine')
    }
    expect(calls).toEqual([])
  })

  test('that the account refuses keeps kind and sentence', async () => {
    const { post, login, workflows } = stage()
    const { access } = await login('mika')
    workflows.set(accountId('mika'), { query: () => desk('mika'), update: () => { throw refusing('quotaFull', 'You have 3 of 3 leases: a, b, c. Return one.') } })
    expect(await post('/v1/commands/lend', { image: 'nginx' }, { token: access })).toMatchObject({
      status: 403, body: { error: { kind: 'quotaFull', class: 'refused', sentence: 'You have 3 of 3 leases: a, b, c. Return one.' } },
    })
  })
})

describe('trouble', () => {
  test.each<[string, () => Error, number, string]>([
    ['a time-out of the update', () => new WorkflowUpdateRPCTimeoutOrCancelledError('late'), 503, 'tryLater'],
    ['a server that is away', () => new Error('Failed', { cause: Object.assign(new Error('14 UNAVAILABLE: 10.0.0.9'), { code: 14, details: '', metadata: {} }) }), 503, 'tryLater'],
    ['a worker that stopped', () => failed(new Error("Workflow Update wasn't processed by worker: it stopped")), 503, 'tryLater'],
    ['a bug of ours', () => new TypeError("Cannot read properties of undefined (reading 'secretPath')"), 500, 'unexpected'],
    ['a failure of a workflow', () => failed(new Error('at /srv/berth/workflows/account.ts:12')), 500, 'unexpected'],
  ])('like %s shows no word of it', async (_what, make, status, kind) => {
    const { post, login, workflows, log } = stage()
    const { access } = await login('mika')
    workflows.set(accountId('mika'), { query: () => desk('mika'), update: () => { throw make() } })
    const answer = await post('/v1/commands/lend', { image: 'nginx' }, { token: access })
    expect(answer).toMatchObject({ status, body: { error: { kind } } })
    for (const word of ['10.0.0.9', 'secretPath', '/srv/', 'stack', 'processed']) expect(JSON.stringify(answer.body)).not.toContain(word)
    expect(answer.headers.get('x-request-id')).toBe(answer.body.error?.requestId)
    expect(log.some((line) => line['requestId'] === answer.body.error?.requestId)).toBe(true)
  })

  test('that is only a bad moment of a query is tried again', async () => {
    const { post, login, workflows } = stage()
    const { access } = await login('mika')
    let asked = 0
    workflows.set(webId, { query: () => {
      if (++asked < 4) throw new Error(`Query failed: ${untimely}`)
      return leaseStatus()
    } })
    expect((await post('/v1/commands/status', { lease: 'web' }, { token: access })).status).toBe(200)
    expect(asked).toBe(4)
  })

  test('of that kind that does not end becomes try later', async () => {
    const { post, login, workflows } = stage()
    const { access } = await login('mika')
    let asked = 0
    workflows.set(webId, { query: () => {
      asked++
      throw new Error(`Query failed: ${untimely}`)
    } })
    expect((await post('/v1/commands/status', { lease: 'web' }, { token: access })).status).toBe(503)
    expect(asked).toBe(10)
  })
})

describe('limits', () => {
  test('at most 8 updates of one member are under way; others are not held up, and it lets go', async () => {
    const { post, login, workflows } = stage()
    const mika = await login('mika'), olga = await login('olga')
    const begun: (() => void)[] = []
    workflows.set(accountId('mika'), { query: () => desk('mika'), update: () => new Promise((resolve) => begun.push(() => resolve({}))) })
    workflows.set(accountId('olga'), { query: () => desk('olga'), update: () => ({}) })
    const lend = (token: string) => post('/v1/commands/lend', { image: 'nginx' }, { token })
    const eight = Array.from({ length: 8 }, () => lend(mika.access))
    await expect.poll(() => begun.length).toBe(8)
    const ninth = await lend(mika.access)
    expect(ninth).toMatchObject({ status: 429, body: { error: { kind: 'slowDown' } } })
    expect(ninth.headers.get('retry-after')).toBe('1')
    expect((await lend(olga.access)).status).toBe(200)
    begun.forEach((go) => go())
    expect((await Promise.all(eight)).map(({ status }) => status)).toEqual(Array(8).fill(200))
    const tenth = lend(mika.access)
    await expect.poll(() => begun.length).toBe(9)
    begun[8]?.()
    expect((await tenth).status).toBe(200)
  })

  test('a body that is too large is cut off, with or without a length', async () => {
    const { post, login, gateway } = stage({ bodyBytes: 2048 })
    const { access } = await login('mika')
    expect((await post('/v1/commands/lend', { image: 'x'.repeat(3000) }, { token: access })).status).toBe(413)
    const endless = new ReadableStream({ pull: (out) => out.enqueue(new Uint8Array(1024).fill(120)) })
    const streamed = await gateway.app.request('/v1/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body: endless, duplex: 'half' } as RequestInit)
    expect(streamed.status).toBe(413)
  })
})

describe('which lease', () => {
  test.each([['web'], [held.label], [key]])('%s is one’s own by name, label or key', async (lease) => {
    const { post, login, calls } = stage()
    expect((await post('/v1/commands/return', { lease }, { token: (await login('mika')).access, headers: id })).status).toBe(200)
    expect(calls).toEqual([{ id: webId, name: 'release', arg: { key, by: { uid: 'mika' } }, updateId: 'release-request-0001' }])
  })

  test('another member’s lease looks exactly like one that does not exist', async () => {
    const { post, login, calls } = stage()
    const { access } = await login('noah')
    for (const command of ['status', 'logs', 'extend', 'return', 'pause', 'resume']) {
      const theirs = await post(`/v1/commands/${command}`, { lease: key }, { token: access })
      const none = await post(`/v1/commands/${command}`, { lease: 'zzzzzzzzzzzzzzzzzzzz' }, { token: access })
      expect(theirs).toMatchObject({ status: 404, body: { error: { kind: 'notFound' } } })
      expect(theirs.body.error?.sentence.replace(key, '')).toBe(none.body.error?.sentence.replace('zzzzzzzzzzzzzzzzzzzz', ''))
    }
    expect(calls).toEqual([])
  })

  test('an admin may name anybody’s, and says so to the lease', async () => {
    const { post, login, calls } = stage()
    const { access } = await login('olga')
    for (const lease of ['web', held.label, key]) {
      expect((await post('/v1/commands/return', { lease }, { token: access })).status).toBe(200)
    }
    expect(calls.map(({ arg }) => arg)).toEqual(Array(3).fill({ key, by: { uid: 'olga', admin: true } }))
    expect((await post('/v1/commands/extend', { lease: 'web', by: '1h' }, { token: access })).status).toBe(200)
    expect(calls.at(-1)).toMatchObject({ id: webId, name: 'extend', arg: { key, by: { uid: 'olga', admin: true }, byMs: 3_600_000 } })
  })

  test('an admin who names two at once is asked for a key', async () => {
    const { post, login, workflows } = stage()
    workflows.set(leaseId({ name: 'web', member: 'noah', key: 'k'.repeat(20) }), { query: () => leaseStatus() })
    const answer = await post('/v1/commands/status', { lease: 'web' }, { token: (await login('olga')).access })
    expect(answer.body.error).toMatchObject({ kind: 'badLine', sentence: expect.stringContaining('k'.repeat(20)) as unknown })
  })

  test('an admin’s word never becomes part of a query', async () => {
    const { post, login } = stage()
    const answer = await post('/v1/commands/status', { lease: 'web" OR BerthKind = "account' }, { token: (await login('olga')).access })
    expect(answer.body.error?.kind).toBe('notFound')
  })

  test('one that is over tells how it ended, and its last lines', async () => {
    const { post, login, desks, calls } = stage()
    const ending = { key: 'o'.repeat(20), name: 'old', member: 'mika', image: 'nginx', reason: 'due' as const, sentence: 'Its time was over.', at: 5, lastLines: ['a', 'b', 'bye'] }
    desks.set('mika', desk('mika', { endings: [ending] }))
    const { access } = await login('mika')
    expect(await post('/v1/commands/extend', { lease: 'old' }, { token: access })).toMatchObject({
      status: 409, body: { error: { kind: 'over', sentence: expect.stringContaining('Its time was over.') as unknown } },
    })
    expect((await post('/v1/commands/logs', { lease: 'old', lines: 2 }, { token: access })).body).toEqual({ lines: ['b', 'bye'], over: true })
    expect(calls).toEqual([])
  })

  test('one that ended in this instant is over, not an error', async () => {
    const { post, login, workflows } = stage()
    const { access } = await login('mika')
    workflows.delete(webId)
    expect((await post('/v1/commands/extend', { lease: 'web', by: '1h' }, { token: access })).body.error?.kind).toBe('over')
  })

  test.each<[string, unknown, object, string]>([
    ['keeps its files', {}, {}, 'web sleeps.'],
    ['does not keep them, which is said', { losesFiles: true }, { losesFiles: true }, 'web sleeps; its files are not kept.'],
    ['answers nothing, of an older worker', undefined, {}, 'web sleeps.'],
  ])('one that is paused and %s', async (_, answer, more, says) => {
    const { post, login, workflows } = stage()
    workflows.set(webId, { query: () => leaseStatus(), update: () => answer })
    const { body } = await post('/v1/commands/pause', { lease: 'web' }, { token: (await login('mika')).access })
    expect(body).toEqual({ key, name: 'web', ...more })
    expect(pause.say?.(body as Parameters<NonNullable<typeof pause.say>>[0])).toBe(says)
  })

  test('a paused one is resumed by the account, which counts its cpu again', async () => {
    const { post, login, calls } = stage()
    await post('/v1/commands/resume', { lease: 'web' }, { token: (await login('mika')).access })
    expect(calls).toMatchObject([{ id: accountId('mika'), name: 'mayResume', arg: { key, by: { uid: 'mika' } } }])
  })

  test('a list goes on when one lease cannot be asked', async () => {
    const { post, login, workflows } = stage()
    workflows.set(webId, { query: () => { throw new Error('no') } })
    expect((await post('/v1/commands/list', {}, { token: (await login('mika')).access })).body['leases']).toEqual([
      { key, member: 'mika', name: 'web', image: 'nginx', site: 'main' },
    ])
  })
})

describe('an admin’s command', () => {
  const board: Board = { site: 'main', rebuilt: true, line: [], hosts: [{
    host: 'host-1', alive: true, draining: false, forgotten: false, lastHeard: 1, leases: [],
    cpu: { used: 0, of: 4 }, memory: { used: 0, of: 1 }, slots: { used: 0, of: 9 }, ports: { used: 0, resting: 0, of: 10 },
  }] }
  const withSite = () => {
    const it = stage()
    it.workflows.set(siteId('main'), { query: () => board })
    return it
  }

  test.each([
    ['admin/board', {}], ['admin/drain', { host: 'host-1' }], ['admin/forget', { host: 'host-1', yes: true }], ['admin/recheck', {}],
    ['admin/revoke', { member: 'noah' }], ['admin/retry', { lease: 'web' }], ['admin/end', { lease: 'web', reason: 'x' }], ['hold', { lease: 'web', for: '1d', reason: 'x' }], ['list', { all: true }],
  ])('%s is refused to a member, and changes nothing', async (path, body) => {
    const { post, login, calls } = withSite()
    expect(await post(`/v1/commands/${path}`, body, { token: (await login('mika')).access })).toMatchObject({ status: 403, body: { error: { kind: 'notAdmin' } } })
    expect(calls).toEqual([])
  })

  test('needs the right at this moment, not at login', async () => {
    const { post, login, directory } = withSite()
    const { access } = await login('olga')
    expect((await post('/v1/commands/admin/board', {}, { token: access })).body).toMatchObject({ sites: [{ site: 'main' }], stuck: [] })
    directory.people = [person('olga')]
    expect((await post('/v1/commands/admin/board', {}, { token: access })).body.error?.kind).toBe('notAdmin')
    directory.people = [person('olga', { uuid: 'somebody else', groups: ['admins'] })]
    expect((await post('/v1/commands/admin/board', {}, { token: access })).body.error?.kind).toBe('stranger')
    directory.away = true
    expect((await post('/v1/commands/admin/board', {}, { token: access })).body.error?.kind).toBe('tryLater')
  })

  test('drain and forget find the host’s site; forgetting must be confirmed', async () => {
    const { post, login, calls } = withSite()
    const { access } = await login('olga')
    expect((await post('/v1/commands/admin/drain', { host: 'host-1', undo: true }, { token: access })).body).toEqual({ host: 'host-1', site: 'main', draining: false })
    expect((await post('/v1/commands/admin/forget', { host: 'host-1' }, { token: access })).body.error?.sentence).toContain('--yes')
    expect((await post('/v1/commands/admin/forget', { host: 'host-1', yes: true }, { token: access })).status).toBe(200)
    expect((await post('/v1/commands/admin/drain', { host: 'nope' }, { token: access })).status).toBe(404)
    expect(calls.map(({ name, arg }) => [name, arg])).toEqual([
      ['drain', { host: 'host-1', drain: false, by: 'olga' }], ['forget', { host: 'host-1', by: 'olga' }],
    ])
  })

  test('retry and end go to anybody’s lease; one that is over has nothing to try again', async () => {
    const { post, login, calls, workflows } = withSite()
    workflows.set(webId, { query: () => leaseStatus(), update: () => ({ steps: [], sentence: 'as the lease says' }) })
    const { access } = await login('olga')
    expect((await post('/v1/commands/admin/retry', { lease: key }, { token: access })).body).toEqual({ steps: [], sentence: 'as the lease says' })
    expect((await post('/v1/commands/admin/end', { lease: 'web', reason: 'mines coins' }, { token: access })).status).toBe(200)
    expect(calls).toMatchObject([
      { id: webId, name: 'retry', arg: { key, by: { uid: 'olga', admin: true } } }, { id: webId, name: 'revoke', arg: { key, by: 'olga', reason: 'mines coins' } },
    ])
    workflows.set(webId, { query: () => leaseStatus({ phase: 'ended', ending: { key, name: 'web', member: 'mika', image: 'nginx', reason: 'due', sentence: 'Its time was over.', at: 1 } }) })
    expect((await post('/v1/commands/admin/retry', { lease: key }, { token: access })).body.error).toMatchObject({ kind: 'over', sentence: 'web is over already.' })
  })

  test('revoke ends tokens, and with --leases the leases', async () => {
    const { post, login, calls } = withSite()
    const { access } = await login('olga'), mika = await login('mika')
    expect((await post('/v1/commands/admin/revoke', { member: 'mika', leases: true }, { token: access })).body.error?.kind).toBe('badLine')
    expect((await post('/v1/commands/admin/revoke', { member: 'Mika', leases: true, reason: 'stolen' }, { token: access })).body).toEqual({ member: 'Mika', epoch: 1, leases: [webId] })
    expect(calls.map(({ name }) => name)).toEqual(['signOut', 'revoke'])
    expect((await post('/v1/commands/list', {}, { token: mika.access })).status).toBe(401)
    expect((await post('/v1/commands/admin/revoke', { member: 'nobody' }, { token: access })).status).toBe(404)
  })

  test('recheck tells the accounts', async () => {
    const { post, login, calls } = withSite()
    const { access } = await login('olga')
    expect((await post('/v1/commands/admin/recheck', {}, { token: access })).body).toEqual({ accounts: ['mika', 'olga'].map(escapeUid) }) // olga's was opened when she signed in
    expect((await post('/v1/commands/admin/recheck', { member: 'noah' }, { token: access })).status).toBe(404)
    expect(calls.map(({ name, id: to }) => [name, to])).toEqual([['recheck', accountId('mika')], ['recheck', accountId('olga')]])
  })

  test('hold needs one end, in the future', async () => {
    const { post, login, calls, now } = withSite()
    const { access } = await login('olga')
    for (const body of [{}, { for: '1d', until: '2099-01-01' }, { until: '2020-01-01' }]) {
      expect((await post('/v1/commands/hold', { lease: key, reason: 'x', ...body }, { token: access })).status).toBe(400)
    }
    expect((await post('/v1/commands/hold', { lease: key, reason: 'x', for: '1d' }, { token: access })).status).toBe(200)
    expect(calls).toMatchObject([{ name: 'hold', arg: { key, by: { uid: 'olga', admin: true }, until: now() + 86_400_000, reason: 'x' } }])
  })
})

test('what is not there is one sentence, without a word of the framework', async () => {
  const { gateway } = stage()
  const answer = await gateway.app.request('/v2/../etc/passwd')
  expect(answer.status).toBe(404)
  expect(await answer.json()).toMatchObject({ error: { kind: 'notFound', sentence: expect.stringContaining('/v1/openapi.json') as unknown } })
})

test('the description and the health are open', async () => {
  const { gateway } = stage()
  expect(await (await gateway.app.request('/healthz')).json()).toEqual({ ok: true })
  expect(await (await gateway.app.request('/v1/openapi.json')).json()).toMatchObject({ openapi: '3.1.0', info: { version: 'test' } })
})
