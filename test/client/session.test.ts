import { describe, expect, test } from 'vitest'
import { issue } from '../../client/gateway/tokens.ts'
import { accountId } from '../../workflows/contract.ts'
import { desk, fakeSeals, person, stage } from './fake.ts'

const signedOut = { status: 401, body: { error: { kind: 'notSignedIn', sentence: expect.stringContaining('berth login') as unknown } } }
const minute = 60_000

describe('login', () => {
  test('with the right password gives a short and a long token', async () => {
    const { login, now } = stage()
    const tokens = await login('mika')
    expect(tokens).toMatchObject({ uid: 'mika', accessUntil: now() + 15 * minute, refreshUntil: now() + 7 * 24 * 60 * minute })
    expect(tokens.access).not.toContain('mika')
  })

  test('says the same of a wrong password and an unknown member', async () => {
    const { post } = stage()
    const wrong = await post('/v1/login', { uid: 'mika', password: 'guess' }), unknown = await post('/v1/login', { uid: 'nobody', password: 'guess' })
    expect(wrong).toMatchObject({ status: 401, body: { error: { kind: 'denied' } } })
    expect(unknown.status).toBe(wrong.status)
    expect(unknown.body.error?.sentence).toBe(wrong.body.error?.sentence)
  })

  test('of a disabled account is denied in the same words', async () => {
    const { post, directory } = stage()
    directory.people.push(person('gone', { disabled: true }))
    expect(await post('/v1/login', { uid: 'gone', password: 'secret of gone' })).toMatchObject({ status: 401, body: { error: { kind: 'denied' } } })
  })

  test('while the directory is away says try later, and counts against nobody', async () => {
    const { post, directory, login } = stage({ loginPerMember: { count: 2, windowMs: minute } })
    directory.away = true
    for (let n = 0; n < 5; n++) {
      const { status, body, headers } = await post('/v1/login', { uid: 'mika', password: 'x' })
      expect({ status, kind: body.error?.kind }).toEqual({ status: 503, kind: 'tryLater' })
      expect(headers.get('retry-after')).toBe('1')
      expect(JSON.stringify(body)).not.toContain('10.0.0.7')
    }
    directory.away = false
    expect((await login('mika')).uid).toBe('mika')
  })

  test.each([[{ uid: 'mika' }], [{ uid: '', password: 'x' }], [{ uid: 'mika', password: '' }], [{ uid: { a: 1 }, password: 'x' }], [[]], ['{'], ['null']])('with %j never reaches the directory', async (body) => {
    const { post, directory } = stage()
    expect((await post('/v1/login', body)).status).toBe(400)
    expect(directory.tries).toBe(0)
  })

  test('by a form of another page is refused', async () => {
    const { post, directory } = stage()
    const { status } = await post('/v1/login', { uid: 'mika', password: 'secret of mika' }, { headers: { 'content-type': 'text/plain' } })
    expect(status).toBe(400)
    expect(directory.tries).toBe(0)
  })
})

describe('the limit on login', () => {
  test('holds per member, however the name is spelled, and lets go after its window', async () => {
    const { post, pass, directory } = stage({ loginPerMember: { count: 3, windowMs: minute }, loginPerAddress: { count: 100, windowMs: minute } })
    for (const uid of ['mika', ' MIKA', 'Mika ']) expect((await post('/v1/login', { uid, password: 'x' })).status).toBe(401)
    const limited = await post('/v1/login', { uid: 'mika', password: 'secret of mika' })
    expect(limited).toMatchObject({ status: 429, body: { error: { kind: 'slowDown' } } })
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(directory.tries).toBe(3)
    expect((await post('/v1/login', { uid: 'noah', password: 'secret of noah' })).status).toBe(200)
    pass(minute + 1)
    expect((await post('/v1/login', { uid: 'mika', password: 'secret of mika' })).status).toBe(200)
  })

  test('holds per address over many names', async () => {
    const { post } = stage({ loginPerAddress: { count: 3, windowMs: minute } })
    for (const uid of ['a', 'b', 'c']) await post('/v1/login', { uid, password: 'x' }, { from: '127.0.0.1' })
    expect((await post('/v1/login', { uid: 'd', password: 'x' }, { from: '127.0.0.1' })).status).toBe(429)
    expect((await post('/v1/login', { uid: 'd', password: 'x' }, { from: '127.0.0.2' })).status).toBe(401)
  })

  test('cannot be escaped by a made-up X-Forwarded-For', async () => {
    const { post } = stage({ loginPerAddress: { count: 2, windowMs: minute } })
    const from = (n: number) => ({ from: '127.0.0.1', headers: { 'x-forwarded-for': `198.51.100.${n}` } })
    for (const n of [1, 2]) await post('/v1/login', { uid: `u${n}`, password: 'x' }, from(n))
    expect((await post('/v1/login', { uid: 'u3', password: 'x' }, from(3))).status).toBe(429)
  })

  test('is not slipped through by many at once', async () => {
    const { post, directory } = stage({ loginPerMember: { count: 3, windowMs: minute } })
    const all = await Promise.all(Array.from({ length: 20 }, () => post('/v1/login', { uid: 'mika', password: 'x' })))
    expect(all.filter(({ status }) => status === 401)).toHaveLength(3)
    expect(directory.tries).toBe(3)
  })
})

describe('a token', () => {
  const list = (tokens: { access: string }) => ({ token: tokens.access })

  test('is needed', async () => {
    const { post } = stage()
    expect(await post('/v1/commands/list', {})).toMatchObject(signedOut)
    expect(await post('/v1/commands/list', {}, { headers: { authorization: 'Basic bWlrYTp4' } })).toMatchObject(signedOut)
  })

  test('opens what is the member’s own', async () => {
    const { post, login } = stage()
    expect(await post('/v1/commands/list', {}, list(await login('mika')))).toMatchObject({ status: 200, body: { leases: [{ name: 'web' }] } })
    expect(await post('/v1/commands/list', {}, list(await login('noah')))).toMatchObject({ status: 200, body: { leases: [] } })
  })

  test('that is old is refused', async () => {
    const { post, login, pass } = stage()
    const tokens = await login('mika')
    pass(15 * minute)
    expect(await post('/v1/commands/list', {}, list(tokens))).toMatchObject(signedOut)
  })

  test('that is forged, cut, doubled or sealed by somebody else is refused', async () => {
    const { post, login, now } = stage()
    const { access } = await login('mika')
    const foreign = issue(fakeSeals(), { uid: 'mika', uuid: 'uuid-mika', epoch: 9, kind: 'access', exp: now() + minute })
    const flipped = access.slice(0, -3) + (access.at(-3) === 'A' ? 'B' : 'A') + access.slice(-2)
    for (const token of [foreign, flipped, access.slice(0, -4), access + access, 'k1.', 'k1', `k2.${access.slice(3)}`, 'x'.repeat(5000)]) {
      expect(await post('/v1/commands/list', {}, { token })).toMatchObject(signedOut)
    }
  })

  test('whose seal is right but whose claims are not is refused', async () => {
    const { post, seals, now } = stage()
    const good = { berth: 1, uid: 'mika', uuid: 'uuid-mika', epoch: 0, kind: 'access', exp: now() + minute }
    for (const bad of [{ ...good, berth: 2 }, { ...good, exp: 'never' }, { ...good, epoch: '0' }, { ...good, uid: 7 }, { ...good, uid: '' }, { ...good, exp: null }]) {
      expect(await post('/v1/commands/list', {}, { token: seals.sealToken(JSON.stringify(bad)) })).toMatchObject(signedOut)
    }
    expect((await post('/v1/commands/list', {}, { token: seals.sealToken(JSON.stringify(good)) })).status).toBe(200)
    expect(await post('/v1/commands/list', {}, { token: seals.sealToken('not json') })).toMatchObject(signedOut)
  })

  test('for refreshing is no access token, nor the other way round', async () => {
    const { post, login } = stage()
    const tokens = await login('mika')
    expect(await post('/v1/commands/list', {}, { token: tokens.refresh })).toMatchObject(signedOut)
    expect(await post('/v1/refresh', { refresh: tokens.access })).toMatchObject(signedOut)
  })

  test('of a retired key is good while the key is kept, and no longer', async () => {
    const { post, login, seals } = stage()
    const tokens = await login('mika')
    seals.keys.set('k2', Buffer.alloc(32, 7))
    seals.current = 'k2'
    expect((await post('/v1/commands/list', {}, list(tokens))).status).toBe(200)
    seals.keys.delete('k1')
    expect(await post('/v1/commands/list', {}, list(tokens))).toMatchObject(signedOut)
  })

  test('ends at logout, on every machine', async () => {
    const { post, login } = stage()
    const here = await login('mika'), there = await login('mika')
    expect(await post('/v1/logout', {}, list(here))).toMatchObject({ status: 200, body: { uid: 'mika' } })
    for (const tokens of [here, there]) {
      expect(await post('/v1/commands/list', {}, list(tokens))).toMatchObject(signedOut)
      expect(await post('/v1/refresh', { refresh: tokens.refresh })).toMatchObject(signedOut)
    }
    expect((await post('/v1/commands/list', {}, list(await login('mika')))).status).toBe(200)
  })

  test('of before a revocation cannot sign anybody out again', async () => {
    const { post, login, desks } = stage()
    const tokens = await login('mika')
    desks.set('mika', desk('mika', { epoch: 5 }))
    expect(await post('/v1/logout', {}, list(tokens))).toMatchObject(signedOut)
    expect(desks.get('mika')?.epoch).toBe(5)
  })
})

describe('refresh', () => {
  test('gives a new access token, never beyond the end of the sign-in', async () => {
    const { post, login, pass } = stage()
    const tokens = await login('mika')
    pass(tokens.refreshUntil - tokens.accessUntil + 5 * minute)
    const { status, body } = await post('/v1/refresh', { refresh: tokens.refresh })
    expect(status).toBe(200)
    expect(body['accessUntil']).toBe(tokens.refreshUntil)
    pass(10 * minute)
    expect(await post('/v1/refresh', { refresh: tokens.refresh })).toMatchObject(signedOut)
  })

  test.each<[string, string, (people: ReturnType<typeof person>[]) => ReturnType<typeof person>[]]>([
    ['absent from the directory', 'notSignedIn', () => []],
    ['disabled', 'disabled', () => [person('mika', { disabled: true })]],
    ['somebody else under the same name', 'stranger', () => [person('mika', { uuid: 'another' })]],
  ])('of a member who is %s is refused as %s', async (_what, kind, change) => {
    const { post, login, directory } = stage()
    const tokens = await login('mika')
    directory.people = change(directory.people)
    expect((await post('/v1/refresh', { refresh: tokens.refresh })).body.error?.kind).toBe(kind)
  })

  test('while the directory or Temporal is away says try later', async () => {
    const { post, login, directory, workflows } = stage()
    const tokens = await login('mika')
    directory.away = true
    expect((await post('/v1/refresh', { refresh: tokens.refresh })).status).toBe(503)
    directory.away = false
    workflows.set(accountId('mika'), { query: () => { throw Object.assign(new Error('14 UNAVAILABLE: no connection'), { code: 14, details: '', metadata: {} }) } })
    expect((await post('/v1/refresh', { refresh: tokens.refresh })).body.error?.kind).toBe('tryLater')
  })
})

test('passwords and tokens are in no log line', async () => {
  const { post, login, log } = stage()
  const tokens = await login('mika')
  await post('/v1/login', { uid: 'mika', password: 'hunter2' })
  await post('/v1/commands/lend', { image: 'nginx', env: { SECRET: 'hunter2' } }, { token: tokens.access })
  const text = JSON.stringify(log)
  expect(log.length).toBeGreaterThan(1)
  for (const secret of ['hunter2', 'secret of mika', tokens.access, tokens.refresh]) expect(text).not.toContain(secret)
})
