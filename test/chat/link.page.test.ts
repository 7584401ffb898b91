/** The page of a link, in process: real functions of the story, real seals, a directory in memory. */
import { createHash, randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { codeAlphabet, newCode } from '../../client/gateway/chat/link/code.ts'
import { chatSealsOf } from '../../worker/adapters.ts'
import { accountId } from '../../workflows/contract.ts'
import { linkId } from '../../workflows/link/messages.ts'
import type { ChatUser } from '../../workflows/link/terms.ts'
import { failed } from '../client/fake.ts'
import { linkStage, settings, shownCode, type Stage } from './link.stage.ts'

const minute = 60_000
const mika = { username: 'mika', password: 'secret of mika' }
const unescaped = (text: string) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')
const alertOf = (text: string) => /role="alert"[^>]*>([^<]*)</.exec(text)?.[1]

let it: Stage
/** Whatever a test does, no secret of it may stand in the log. */
const secrets: string[] = []
beforeEach(() => {
  it = linkStage()
  secrets.splice(0, Infinity, 'secret of', 'wrong guess')
})
afterEach(() => {
  const logged = JSON.stringify(it.log)
  for (const secret of secrets) expect(logged).not.toContain(secret)
})
const begun = async (user: ChatUser = it.alice, line?: string) => {
  const path = await it.begun(user, line)
  secrets.push(path.slice('/link/'.length))
  return path
}

describe('the page of an attempt', () => {
  test('shows which chat account is meant, warns, and asks for name and password', async () => {
    const { status, text, headers } = await it.get(await begun())
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/html; charset=UTF-8')
    for (const said of ['<html lang="en">', 'Mattermost', 'campus (chat.example.org)', 'alice', it.alice.user, 'Only go on if you yourself asked for it in that chat', 'Nobody of Berth ever sends you this link']) expect(text).toContain(said)
    expect(text).toMatch(/<label for="username">.*\n<input id="username" name="username" value="" autocomplete="username"/)
    expect(text).toMatch(/<label for="password">.*\n<input id="password" name="password" type="password" autocomplete="current-password"/)
    expect(text.match(/<button type="submit">/g)).toHaveLength(1)
    expect(text).not.toMatch(/role="alert"|autofocus/)
  })

  test('may be looked at often, and by whoever scans links in messages, without being used up', async () => {
    const path = await begun()
    for (let n = 0; n < 3; n++) expect((await it.get(path)).status).toBe(200)
    expect((await it.ask('HEAD', path)).status).toBe(200)
    expect((await it.post(path, mika)).status).toBe(200)
  })

  test('of a Slack account names its workspace', async () => {
    const ken = it.account('ken', { platform: 'slack', tenant: 'T1DC2JH3J', user: 'U2CERLKJA' }), exp = it.now() + minute
    it.state(ken).attempt = { id: 'one', until: exp }
    it.state(ken).name = 'ken'
    const { status, text } = await it.get(it.sealed({ attempt: 'one', who: ken, exp }))
    expect(status).toBe(200)
    for (const said of ['Slack', 'Workspace', 'T1DC2JH3J', 'ken', 'U2CERLKJA']) expect(text).toContain(said)
  })

  test.each([
    ['login', 200, async (path: string) => it.get(path)],
    ['wrong password', 401, async (path: string) => it.post(path, { ...mika, password: 'wrong guess' })],
    ['code', 200, async (path: string) => it.post(path, mika)],
    ['over', 404, async (path: string) => it.get(path.slice(0, -4))],
    ['foreign', 403, async (path: string) => it.post(path, mika, { headers: { 'sec-fetch-site': 'cross-site' } })],
    ['too long', 413, async (path: string) => it.post(path, { ...mika, password: 'x'.repeat(200_000) })],
    ['no such page', 404, async () => it.get('/link')],
  ])('answers with headers that keep it to itself, and without scripts: %s', async (_what, status, ask) => {
    const answer = await ask(await begun()), { headers, text } = answer
    expect(answer.status).toBe(status)
    const style = /<style>([^<]*)<\/style>/.exec(text)?.[1] ?? '', hash = createHash('sha256').update(style).digest('base64')
    expect(headers.get('content-security-policy')).toBe(`default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`)
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-robots-tag')).toBe('noindex, nofollow')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-type')).toBe('text/html; charset=UTF-8')
    expect(text).not.toMatch(/<script|\son[a-z]+=|javascript:|\ssrc=|\shref=|\sstyle=/i)
  })

  test.each([
    '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', '</bdi></dd></dl><h1>Welcome</h1>', "' autofocus onfocus='alert(1)", '<!--', '&lt;b&gt;',
  ])('escapes a chat name like %s', async (name) => {
    const eve = it.account(name), path = await begun(eve)
    for (const { text } of [await it.get(path), await it.post(path, mika)]) {
      expect(text).not.toContain(name)
      expect(unescaped(text)).toContain(name)
      expect(text.match(/<h1>/g)).toHaveLength(1)
    }
  })

  test('lets no chat name turn the direction of writing, or fill the page', async () => {
    const { text } = await it.get(await begun(it.account(`\u202egnp.exe\u2066${'x'.repeat(5000)}`)))
    expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/)
    expect(text).toContain('<bdi>')
    expect(text.length).toBeLessThan(6000)
  })
})

describe('signing in', () => {
  test('shows a code, which links once it is typed in chat; the command that led there goes on', async () => {
    const path = await begun(it.alice, 'lend nginx --for 2h')
    const { status, text } = await it.post(path, mika), code = shownCode(text) ?? ''
    expect(status).toBe(200)
    expect(code).toMatch(new RegExp(`^[${codeAlphabet}]{4}-[${codeAlphabet}]{4}$`))
    secrets.push(code, code.replace('-', ''))
    expect(text).toContain(`<p class="code"><code>${code}</code></p>`)
    expect(text).toContain('as <bdi>mika</bdi>')
    expect(text).toContain('for 10 minutes')
    expect(text).not.toContain('secret of mika')
    expect(it.state(it.alice).linked).toBeUndefined()
    const said = await it.type(it.alice, `link ${code}`)
    expect(said).toContain('linked to mika')
    expect(it.state(it.alice).linked).toEqual({ uid: 'mika', uuid: 'uuid-mika', since: it.now() })
    expect(it.calls.findLast(({ name }) => name !== 'answered')).toMatchObject({ id: accountId('mika'), name: 'lend', arg: { image: 'nginx', forMs: 7_200_000 } })
  })

  test.each<[string, (code: string) => string]>([
    ['in capitals', (code) => code.toUpperCase()], ['without its hyphen', (code) => code.replace('-', '')], ['with a dash', (code) => code.replace('-', '–')],
  ])('gives a code that may be typed %s', async (_how, bend) => {
    const code = shownCode((await it.post(await begun(), mika)).text) ?? ''
    expect(await it.type(it.alice, `link ${bend(code)}`)).toContain('linked to mika')
  })

  test('by the name as somebody types it links the name as the directory has it', async () => {
    await it.post(await begun(), { ...mika, username: 'MIKA' })
    expect(it.state(it.alice).attempt?.proven).toMatchObject({ uid: 'mika', uuid: 'uuid-mika' })
  })

  test('with a wrong password shows the page again: the name is kept, the password is not', async () => {
    const path = await begun(), { status, text } = await it.post(path, { username: 'mika', password: 'wrong guess' })
    expect(status).toBe(401)
    expect(alertOf(text)).toContain('does not accept this name and password')
    expect(text).toContain('<title>Not signed in: ')
    expect(text).toContain('value="mika"')
    expect(text).toMatch(/<input id="password"[^>]* aria-describedby="trouble" aria-invalid="true" autofocus>/)
    expect(text).not.toContain('wrong guess')
    expect(shownCode(text)).toBeUndefined()
    expect(it.state(it.alice).attempt?.proven).toBeUndefined()
    expect((await it.post(path, mika)).status).toBe(200)
  })

  test('says the same of a wrong password, an unknown name and a disabled account', async () => {
    const path = await begun()
    it.directory.people.push({ uid: 'gone', uuid: 'uuid-gone', dn: 'uid=gone', groups: [], disabled: true })
    const answers = [
      await it.post(path, { username: 'mika', password: 'wrong guess' }), await it.post(path, { username: 'nobody', password: 'wrong guess' }),
      await it.post(path, { username: 'gone', password: 'secret of gone' }),
    ].map(({ status, text }) => ({ status, text: text.replace(/value="\w+"/, '') }))
    expect(answers[1]).toEqual(answers[0])
    expect(answers[2]).toEqual(answers[0])
    expect(answers[0]?.status).toBe(401)
  })

  test('escapes the name that was typed', async () => {
    const username = '"><script>alert(1)</script>', { text } = await it.post(await begun(), { username, password: 'wrong guess' })
    expect(text).not.toContain('<script')
    expect(unescaped(text)).toContain(`value="${username}"`)
  })

  test.each<[string, Record<string, string>]>([
    ['no field', {}], ['no password', { username: 'mika', password: '' }], ['no name', { username: ' ', password: 'wrong guess' }],
    ['a name too long', { username: 'm'.repeat(257), password: 'wrong guess' }], ['a password too long', { username: 'mika', password: 'x'.repeat(1025) }],
    ['other fields', { uid: 'mika', pass: 'wrong guess' }],
  ])('with %s never reaches the directory', async (_what, fields) => {
    const { status, text } = await it.post(await begun(), fields)
    expect(status).toBe(400)
    expect(alertOf(text)).toBe('Fill in both your name and your password.')
    expect(it.directory.tries).toBe(0)
  })

  test('while the directory is away asks for patience, counts against nobody, and works when it is back', async () => {
    it = linkStage({ options: { loginPerMember: { count: 2, windowMs: minute } } })
    const path = await begun()
    it.directory.away = true
    for (let n = 0; n < 4; n++) {
      const { status, text, headers } = await it.post(path, mika)
      expect({ status, after: headers.get('retry-after') }).toEqual({ status: 503, after: '60' })
      expect(alertOf(text)).toBe('The directory does not answer just now. Nothing was linked; try again in a minute.')
      expect(text).not.toContain('10.0.0.7')
      expect(text).not.toContain('aria-invalid')
    }
    it.directory.away = false
    expect((await it.post(path, mika)).status).toBe(200)
  })

  test('while Temporal is away asks for patience, with the page or without it', async () => {
    const away = () => { throw Object.assign(new Error('14 UNAVAILABLE: 10.0.0.9'), { code: 14, details: '', metadata: {} }) }
    const path = await begun(), link = it.workflows.get(linkId(it.alice))!
    it.workflows.set(linkId(it.alice), { ...link, update: away })
    const late = await it.post(path, mika)
    expect(late.status).toBe(503)
    expect(alertOf(late.text)).toBe('Berth cannot answer just now. Nothing was linked; try again in a minute.')
    it.workflows.set(linkId(it.alice), { query: away, update: away })
    for (const { status, text, headers } of [await it.get(path), await it.post(path, mika)]) {
      expect({ status, after: headers.get('retry-after') }).toEqual({ status: 503, after: '60' })
      expect(text).toContain('try again in a minute')
      expect(text).not.toContain('10.0.0.9')
    }
    it.workflows.set(linkId(it.alice), link)
    expect((await it.post(path, mika)).status).toBe(200)
  })

  test('too often is stopped per member, over all pages, even with the right password; and let go after a while', async () => {
    it = linkStage({ options: { loginPerMember: { count: 3, windowMs: minute }, loginPerAddress: { count: 100, windowMs: minute } } })
    const paths = [await begun(), await begun(it.mallory)]
    for (const n of [0, 1, 0]) expect((await it.post(paths[n]!, { username: 'mika', password: 'wrong guess' })).status).toBe(401)
    const { status, text, headers } = await it.post(paths[1]!, mika)
    expect(status).toBe(429)
    expect(Number(headers.get('retry-after'))).toBe(60)
    expect(alertOf(text)).toContain('wait 60 s')
    expect(text).toContain('value="mika"')
    expect(it.directory.tries).toBe(3)
    it.pass(minute + 1)
    expect((await it.post(paths[0]!, mika)).status).toBe(200)
  })

  test('too often is stopped per address, over all names', async () => {
    it = linkStage({ options: { loginPerAddress: { count: 3, windowMs: minute } } })
    const path = await begun()
    for (const n of [1, 2, 3]) await it.post(path, { username: `name${n}`, password: 'wrong guess' }, { from: '127.0.0.1', headers: { 'x-forwarded-for': `198.51.100.${n}` } })
    expect((await it.post(path, mika, { from: '127.0.0.1' })).status).toBe(429)
    expect((await it.post(path, mika, { from: '127.0.0.2' })).status).toBe(200)
  })

  test('twice at once shows one code', async () => {
    const path = await begun(), answers = await Promise.all([it.post(path, mika), it.post(path, mika)])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 410])
    const code = answers.map(({ text }) => shownCode(text)).find((one) => one !== undefined)
    expect(it.state(it.alice).attempt?.proven?.code).toBe(code?.replace('-', ''))
  })
})

describe('a page that is over tells nothing of anybody, and what to do', () => {
  const over = ({ status, text }: { status: number; text: string }) => {
    expect(text).toContain('This page is over')
    expect(text).toContain('<code>/berth link</code>')
    expect(text).not.toMatch(/alice|mika|campus|<form/)
    return status
  }
  const both = async (path: string) => {
    const before = it.directory.tries, statuses = [over(await it.get(path)), over(await it.post(path, mika))]
    expect(it.directory.tries).toBe(before)
    expect(new Set(statuses).size).toBe(1)
    return statuses[0]
  }

  test('when its address was cut, changed, made up, or sealed by somebody else', async () => {
    const path = await begun(), context = { attempt: it.state(it.alice).attempt!.id, who: it.alice, exp: it.now() + minute }
    const foreign = chatSealsOf({ current: 'a', keys: new Map([['a', randomBytes(32)]]) }).seal('link', JSON.stringify(context))
    const plain = Buffer.from(JSON.stringify(context)).toString('base64url')
    const flipped = path.slice(0, -3) + (path.at(-3) === 'A' ? 'B' : 'A') + path.slice(-2)
    for (const bad of [path.slice(0, -4), `${path}AAAA`, flipped, `/link/${foreign}`, `/link/${plain}`, '/link/a.b.c', '/link/%00', `/link/${'x'.repeat(5000)}`, `${path}/more`]) expect(await both(bad)).toBe(404)
    expect((await it.get(path)).status).toBe(200)
  })

  test('when what was sealed is no page, or is old', async () => {
    const attempt = it.state(it.alice), path = await begun(), context = { attempt: attempt.attempt!.id, who: it.alice, exp: it.now() + minute }
    for (const kind of ['button', 'dialog'] as const) expect(await both(it.sealed(context, kind))).toBe(404)
    expect(await both(it.sealed({ ...context, exp: it.now() }))).toBe(404)
    expect((await it.get(it.sealed(context))).status).toBe(200)
    expect((await it.get(path)).status).toBe(200)
  })

  test('when its key is kept no longer', async () => {
    const path = await begun()
    it.rings.now = chatSealsOf({ current: 'b', keys: new Map([['b', randomBytes(32)]]) })
    expect(await both(path)).toBe(404)
  })

  test('when its chat is served no longer', async () => {
    it = linkStage({ chat: { ...settings, slack: [] } })
    const user = { platform: 'slack', tenant: 'T1DC2JH3J', user: 'U1' } as const, exp = it.now() + minute
    it.state(it.account('ken', user)).attempt = { id: 'one', until: exp }
    expect(await both(it.sealed({ attempt: 'one', who: user, exp }))).toBe(404)
    expect(await both(it.sealed({ attempt: 'one', who: { ...user, platform: 'mattermost', tenant: 'elsewhere' }, exp }))).toBe(404)
  })

  test('when somebody has signed in at it, and after it was finished', async () => {
    const path = await begun(), code = shownCode((await it.post(path, mika)).text) ?? ''
    expect(await both(path)).toBe(410)
    await it.type(it.alice, `link ${code}`)
    expect(await both(path)).toBe(410)
  })

  test('when a newer one has replaced it', async () => {
    const old = await begun(), now = await begun()
    expect(await both(old)).toBe(410)
    expect((await it.get(now)).status).toBe(200)
  })

  test('after ten minutes', async () => {
    const path = await begun()
    it.pass(10 * minute - 1)
    expect((await it.get(path)).status).toBe(200)
    it.pass(1)
    expect(await both(path)).toBe(404)
    // The story’s own clock counts as well.
    expect(await both(it.sealed({ attempt: it.state(it.alice).attempt!.id, who: it.alice, exp: it.now() + minute }))).toBe(410)
  })

  test('when it ends between the look and the login', async () => {
    const path = await begun(), { login } = it.directory
    it.directory.login = async (...of) => {
      delete it.state(it.alice).attempt
      return login(...of)
    }
    expect(over(await it.post(path, mika))).toBe(410)
  })

  test('when nobody keeps its link any more', async () => {
    const path = await begun()
    it.workflows.delete(linkId(it.alice))
    expect(await both(path)).toBe(410)
  })
})

describe('a post', () => {
  test.each<[string, Record<string, string>]>([
    ['of another site', { 'sec-fetch-site': 'cross-site' }], ['of a neighbour', { 'sec-fetch-site': 'same-site' }],
    ['of another site with our origin', { 'sec-fetch-site': 'cross-site', origin: settings.url }],
    ['of a strange word', { 'sec-fetch-site': 'SAME-ORIGIN' }],
  ])('%s is refused before anything is looked at', async (_what, headers) => {
    const path = await begun(), { status, text } = await it.post(path, mika, { headers })
    expect(status).toBe(403)
    expect(text).toContain('open the page from your chat')
    expect(it.directory.tries).toBe(0)
    expect(it.state(it.alice).attempt?.proven).toBeUndefined()
  })

  test.each([['https://evil.example', 403], ['http://berth.example.org', 403], ['https://berth.example.org.evil.example', 403], ['https://berth.example.org', 200], ['null', 200]])('of an old browser from %s gets %i', async (origin, status) => {
    const path = await begun()
    const { status: got } = await it.ask('POST', path, { body: new URLSearchParams(mika).toString(), headers: { 'content-type': 'application/x-www-form-urlencoded', origin } })
    expect(got).toBe(status)
    expect(it.directory.tries).toBe(status === 200 ? 1 : 0)
  })

  test.each(['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded-not', ''])('of type %j is refused', async (type) => {
    const { status, text } = await it.post(await begun(), mika, { headers: { 'content-type': type } })
    expect(status).toBe(415)
    expect(text).toContain('<h1>')
    expect(it.directory.tries).toBe(0)
  })

  test.each([20_000, 200_000])('of %i bytes is refused', async (bytes) => {
    const { status, text } = await it.post(await begun(), { ...mika, more: 'x'.repeat(bytes) })
    expect(status).toBe(413)
    expect(text).toContain('<h1>This is too long</h1>')
    expect(it.directory.tries).toBe(0)
  })

  test('of the longest name and password is not too long', async () => {
    const { status } = await it.post(await begun(), { username: 'ü'.repeat(256), password: '漢'.repeat(1024) })
    expect(status).toBe(401)
    expect(it.directory.tries).toBe(1)
  })

  test.each(['PUT', 'DELETE', 'PATCH'])('that is a %s finds nothing', async (method) => {
    const { status, text } = await it.ask(method, await begun())
    expect(status).toBe(404)
    expect(text).toContain('This page is over')
  })
})

describe('trouble', () => {
  test('of our own shows a request id, and no word of what it was', async () => {
    const path = await begun(), link = it.workflows.get(linkId(it.alice))!
    const bug = () => { throw failed(new Error('at /srv/berth/workflows/link.ts:12')) }
    it.workflows.set(linkId(it.alice), { ...link, update: bug })
    const posted = await it.post(path, mika)
    it.workflows.set(linkId(it.alice), { ...link, query: bug })
    for (const { status, text, headers } of [posted, await it.get(path)]) {
      const id = headers.get('x-request-id') ?? 'none'
      expect(status).toBe(500)
      expect(text).toContain(`Request id: <code>${id}</code>`)
      expect(text).not.toContain('/srv/')
      expect(it.log.filter((line) => line['requestId'] === id)).toHaveLength(1)
    }
  })

  test('with plain http is a page too, and its log line does not have the address', async () => {
    const { status, text } = await it.get(await begun(), { from: '203.0.113.5' })
    expect(status).toBe(401)
    expect(text).toContain('<p>Berth answers over https only')
    expect(it.log.at(-1)).toMatchObject({ what: 'refused', path: '/link/…' })
  })

  test('in the log names account, member and outcome', async () => {
    const path = await begun()
    await it.post(path, { username: 'mika', password: 'wrong guess' }, { from: '127.0.0.1' })
    await it.post(path, mika, { from: '127.0.0.1' })
    const line = { what: 'link page', ...it.alice, address: '127.0.0.1' }
    expect(it.log.slice(-2)).toMatchObject([{ ...line, outcome: 'denied' }, { ...line, outcome: 'proven', member: 'mika' }])
  })
})

describe('a victim who signs in at the page of somebody else’s account', () => {
  test('has given nothing: the code is on the victim’s own screen, and mallory has 5 tries', async () => {
    const path = await begun(it.mallory)
    expect((await it.get(path)).text).toContain('mallory') // whom it is for, before the login
    const { text } = await it.post(path, mika), code = shownCode(text) ?? ''
    expect(text).toContain('Give the code to nobody')
    expect(it.state(it.mallory).linked).toBeUndefined()
    expect((await it.get(path)).text).not.toContain(code) // mallory looks at the page too

    for (const letter of ['b', 'c', 'd', 'f', 'g']) await it.type(it.mallory, `link ${letter.repeat(8)}`)
    expect(await it.type(it.mallory, `link ${code}`)).toContain('no code to be typed just now')
    expect(it.state(it.mallory).linked).toBeUndefined()
    expect(it.calls.filter(({ name }) => name === 'lend')).toEqual([])
  })

  test('has given nothing either when mallory begins anew: the code belongs to the page that showed it', async () => {
    const code = shownCode((await it.post(await begun(it.mallory), mika)).text) ?? ''
    await begun(it.mallory)
    expect(await it.type(it.mallory, `link ${code}`)).toContain('Open the page of your link first')
    expect(it.state(it.mallory).linked).toBeUndefined()
  })

  test('links nothing by typing the code in a chat account of his own', async () => {
    const code = shownCode((await it.post(await begun(it.mallory), mika)).text) ?? ''
    expect(await it.type(it.alice, `link ${code}`)).toContain('no code to be typed just now')
    expect(it.state(it.alice).linked).toBeUndefined()
    await it.begun(it.alice)
    expect(await it.type(it.alice, `link ${code}`)).toContain('Open the page of your link first')
    expect(it.state(it.alice).linked).toBeUndefined()
  })

  test('meets the end when mallory was there first', async () => {
    const path = await begun(it.mallory)
    await it.post(path, { username: 'noah', password: 'secret of noah' })
    expect((await it.post(path, mika)).status).toBe(410)
    expect(it.state(it.mallory).attempt?.proven).toMatchObject({ uid: 'noah' })
  })
})

test('codes are made of letters that nobody takes for others, and are not the same', () => {
  const codes = Array.from({ length: 500 }, newCode)
  expect(new Set(codes).size).toBe(500)
  expect(new Set(codes.join(''))).toEqual(new Set(codeAlphabet))
  expect(codeAlphabet).not.toMatch(/[aeiouylq0-9A-Z]/)
})
