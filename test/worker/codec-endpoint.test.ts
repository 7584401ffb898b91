import { expect, test } from 'vitest'
import { randomBytes } from 'node:crypto'
import { defaultPayloadConverter } from '@temporalio/common'
import { PayloadBox } from '../../worker/keys/codec.ts'
import { codecEndpoint } from '../../worker/keys/endpoint.ts'
import { toWire } from '../../worker/keys/wire.ts'
import { DirectoryUnavailable, LoginDenied, type Person } from '../../workflows/ports.ts'

const origin = 'http://127.0.0.1:8233', payloads = { current: 'k', keys: new Map([['k', randomBytes(32)]]) }
const box = new PayloadBox(payloads)

function endpoint() {
  let asked = 0, away = false
  const app = codecEndpoint({
    payloads, origin, isAdmin: ({ groups }) => groups.includes('admins'),
    directory: { async login(uid, password): Promise<Person> {
      asked++
      if (away) throw new DirectoryUnavailable('it is away')
      if (password !== 'right') throw new LoginDenied('no')
      return { uid, uuid: 'u', dn: uid, groups: uid === 'ada' ? ['admins'] : [], disabled: false }
    } },
  })
  return {
    asked: () => asked,
    away: (is: boolean) => { away = is },
    async post(path: string, body: unknown, { as, from = origin }: { as?: string; from?: string } = {}) {
      const answer = await app.request(path, { method: 'POST', body: JSON.stringify(body), headers: {
        'content-type': 'application/json', origin: from, ...(as !== undefined && { authorization: `Basic ${Buffer.from(as).toString('base64')}` }),
      } })
      return { status: answer.status, headers: answer.headers, text: await answer.text() }
    },
  }
}
const sealed = async (value: unknown) => ({ payloads: (await box.encode([defaultPayloadConverter.toPayload(value)])).map(toWire) })
const clear = (text: string) => (JSON.parse(text) as { payloads: { data: string }[] }).payloads.map(({ data }) => Buffer.from(data, 'base64').toString())

test('an admin reads payloads in clear, and the directory is asked once for many of them', async () => {
  const it = endpoint()
  for (let n = 0; n < 3; n++) expect(clear((await it.post('/decode', await sealed({ n }), { as: 'ada:right' })).text)).toEqual([`{"n":${n}}`])
  expect(it.asked()).toBe(1)
})

test('what it encodes opens with the codec again', async () => {
  const it = endpoint(), plain = { payloads: [toWire(defaultPayloadConverter.toPayload('word'))] }
  const { text } = await it.post('/encode', plain, { as: 'ada:right' })
  expect(text).not.toContain(plain.payloads[0]!.data)
  expect(clear((await it.post('/decode', JSON.parse(text), { as: 'ada:right' })).text)).toEqual(['"word"'])
})

test('without a login, with a wrong password, and for a member who is no admin, it opens nothing', async () => {
  const it = endpoint(), body = await sealed('kept')
  for (const as of [undefined, 'ada:wrong', 'mika:right', 'ada:']) {
    const { status, text, headers } = await it.post('/decode', body, as === undefined ? {} : { as })
    expect([status, headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('Basic')])
    expect(text).not.toContain('kept')
  }
})

test('passwords cannot be tried without end', async () => {
  const it = endpoint()
  for (let n = 0; n < 5; n++) expect((await it.post('/decode', {}, { as: `ada:guess${n}` })).status).toBe(401)
  expect((await it.post('/decode', {}, { as: 'ada:right' })).status).toBe(429)
})

test('a directory that is away is told, and asked again the next time', async () => {
  const it = endpoint()
  it.away(true)
  expect((await it.post('/decode', await sealed(1), { as: 'ada:right' })).status).toBe(503)
  it.away(false)
  expect((await it.post('/decode', await sealed(1), { as: 'ada:right' })).status).toBe(200)
})

test('another page than the UI is refused, and the UI may send credentials', async () => {
  const it = endpoint()
  expect((await it.post('/decode', await sealed(1), { as: 'ada:right', from: 'https://evil.example' })).status).toBe(403)
  const { headers } = await it.post('/decode', await sealed(1), { as: 'ada:right' })
  expect([headers.get('access-control-allow-origin'), headers.get('access-control-allow-credentials')]).toEqual([origin, 'true'])
})

test('a payload that does not open hides no other one', async () => {
  const it = endpoint(), good = await sealed('read'), other = new PayloadBox({ current: 'x', keys: new Map([['x', randomBytes(32)]]) })
  const lost = (await other.encode([defaultPayloadConverter.toPayload('lost')])).map(toWire)
  const { text } = await it.post('/decode', { payloads: [...lost, ...good.payloads] }, { as: 'ada:right' })
  expect(clear(text)[1]).toBe('"read"')
})
