/** Slack's signature: what is taken and what is not, beside Slack's own verifier and a signer that is not ours. */
import { execFileSync } from 'node:child_process'
import { isValidSlackRequest } from '@slack/bolt'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { proveRequest } from '../../client/gateway/chat/slack/proof.ts'
import type { SlackTenant } from '../../client/gateway/chat/settings.ts'
import { official, signatureOf } from './slackSigned.ts'

const tenant = (team: string, signingSecret?: string): SlackTenant => ({ team, botToken: 'xoxb', ...(signingSecret !== undefined && { signingSecret }) })
const ours = tenant('T1DC2JH3J', official.secret), now = Number(official.timestamp) * 1000
const bytes = (text: string) => new TextEncoder().encode(text)
const good = { signature: official.signature, timestamp: official.timestamp, body: bytes(official.body), now }
const why = (more: Partial<typeof good> | { signature?: undefined; timestamp?: undefined }, tenants = [ours]) => {
  const proof = proveRequest(tenants, { ...good, ...more })
  return proof.is === 'bad' ? proof.why : 'good'
}

test('the official example is taken, for the team whose secret it is', () => {
  expect(official.body).toHaveLength(362)
  expect(proveRequest([ours], good)).toEqual({ is: 'good', tenants: [ours] })
})

describe('it is refused', () => {
  test.each<[string, Parameters<typeof why>[0], string]>([
    ['301 s late', { now: now + 301_000 }, 'too old'],
    ['301 s early', { now: now - 301_000 }, 'from the future'],
    ['a day early, validly signed', { now: now - 86_400_000 }, 'from the future'],
    ['with one byte more', { body: bytes(`${official.body} `) }, 'wrong signature'],
    ['with one byte less', { body: bytes(official.body.slice(0, -1)) }, 'wrong signature'],
    ['with another command', { body: bytes(official.body.replace('webhook-collect', 'berth')) }, 'wrong signature'],
    ['without a body', { body: bytes('') }, 'wrong signature'],
    ['without a signature', { signature: undefined }, 'not signed'],
    ['without a time', { timestamp: undefined }, 'not signed'],
    ['with an empty signature', { signature: '' }, 'no v0 signature'],
    ['with v0= alone', { signature: 'v0=' }, 'no v0 signature'],
    ['as version 1', { signature: official.signature.replace('v0', 'v1') }, 'no v0 signature'],
    ['with v1= alone', { signature: 'v1=' }, 'no v0 signature'],
    ['in upper-case hex', { signature: `v0=${official.signature.slice(3).toUpperCase()}` }, 'no v0 signature'],
    ['with a blank behind', { signature: `${official.signature} ` }, 'no v0 signature'],
    ['with two signatures', { signature: `${official.signature}, ${official.signature}` }, 'no v0 signature'],
    ['with another signature', { signature: `v0=${'0'.repeat(64)}` }, 'wrong signature'],
    ['with NaN as time', { timestamp: 'NaN' }, 'no time'],
    ['with an empty time', { timestamp: '' }, 'no time'],
    ['with its time in another spelling', { timestamp: `${official.timestamp}.0` }, 'no time'],
    ['with a time in hexadecimal', { timestamp: `0x${Number(official.timestamp).toString(16)}` }, 'no time'],
    ['with a negative time', { timestamp: `-${official.timestamp}` }, 'no time'],
    ['with a time without end', { timestamp: '9'.repeat(400) }, 'no time'],
    ['with another time of the same minute', { timestamp: String(Number(official.timestamp) + 1) }, 'wrong signature'],
  ])('%s', (_, more, expected) => {
    expect(why(more)).toBe(expected)
  })

  test.each<[string, SlackTenant[]]>([
    ['another secret', [tenant('T1DC2JH3J', 'x'.repeat(32))]], ['an empty secret', [tenant('T1DC2JH3J', '')]], ['no secret, for it comes over a socket', [tenant('T1DC2JH3J')]], ['no tenant', []],
  ])('where there is %s', (_, tenants) => {
    expect(why({}, tenants)).toBe('wrong signature')
  })

  test('by whoever signs with nothing, as long as no secret is set', () => {
    const signature = `v0=${execFileSync('openssl', ['dgst', '-sha256', '-hmac', ''], { input: `v0:${official.timestamp}:${official.body}`, encoding: 'utf8' }).trim().split(' ').at(-1)}`
    expect(why({ signature }, [tenant('T1DC2JH3J', ''), tenant('T2')])).toBe('wrong signature')
  })
})

test('300 s late and 300 s early are taken still', () => {
  expect([why({ now: now + 300_999 }), why({ now: now - 300_000 })]).toEqual(['good', 'good'])
})

test('of several tenants it stands for those alone whose secret signed it', () => {
  const twin = tenant('T2', official.secret), other = tenant('T3', 'another secret')
  expect(proveRequest([other, ours, tenant('T4'), twin], good)).toEqual({ is: 'good', tenants: [ours, twin] })
})

test('what openssl signs is taken, letters beyond ASCII too', () => {
  for (const body of [official.body, 'text=lend+caf%C3%A9', 'text=lend café “web”', '']) {
    const said = execFileSync('openssl', ['dgst', '-sha256', '-hmac', official.secret], { input: `v0:${official.timestamp}:${body}`, encoding: 'utf8' })
    expect(why({ signature: `v0=${said.trim().split(' ').at(-1)}`, body: bytes(body) })).toBe('good')
  }
})

describe('beside Slack’s own verifier (bolt)', () => {
  const bolt = ({ signature, timestamp, body, secret, at }: { signature: string; timestamp: string; body: string; secret: string; at: number }) => isValidSlackRequest({
    signingSecret: secret, body, nowMilliseconds: at, headers: { 'x-slack-signature': signature, 'x-slack-request-timestamp': Number(timestamp) },
  })
  const berth = ({ signature, timestamp, body, secret, at }: Parameters<typeof bolt>[0]) =>
    proveRequest([tenant('T1', secret)], { signature, timestamp, body: bytes(body), now: at }).is === 'good'

  /** What somebody may do to a signed request on its way. */
  const tampered = fc.record({
    secret: fc.string({ minLength: 1, maxLength: 40 }), body: fc.string({ unit: 'grapheme', maxLength: 200 }).map((text) => text.toWellFormed()),
    at: fc.integer({ min: 1_500_000_000_000, max: 1_900_000_000_000 }), offset: fc.oneof(fc.integer({ min: -302, max: 302 }), fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.constant(0)),
    how: fc.constantFrom('none', 'none', 'none', 'body', 'secret', 'time', 'v1', 'upper', 'short', 'long', 'empty', 'behind', 'spelling', 'other'),
    junk: fc.string({ maxLength: 20 }),
  }).map(({ secret, body, at, offset, how, junk }) => {
    const timestamp = String(Math.floor(at / 1000) + offset), signature = signatureOf(secret, timestamp, body)
    const request = { secret, body, timestamp, signature, at, how, offset }
    switch (how) {
      case 'body': return { ...request, body: `${body}&` }
      case 'secret': return { ...request, secret: `${secret}x` }
      case 'time': return { ...request, timestamp: String(Number(timestamp) + 1) }
      case 'v1': return { ...request, signature: signature.replace('v0', 'v1') }
      case 'upper': return { ...request, signature: `v0=${signature.slice(3).toUpperCase()}` }
      case 'short': return { ...request, signature: signature.slice(0, -1) }
      case 'long': return { ...request, signature: `${signature}0` }
      case 'empty': return { ...request, signature: '' }
      case 'behind': return { ...request, signature: `${signature}=${junk}` }
      case 'spelling': return { ...request, timestamp: `${timestamp}.0` }
      case 'other': return { ...request, signature: junk }
      default: return request
    }
  })

  test('both take the same requests, but for three kinds that only bolt takes', () => {
    let both = 0, neither = 0
    const only = { future: 0, behind: 0, spelling: 0 }
    fc.assert(fc.property(tampered, (request) => {
      const [theirs, mine] = [bolt(request), berth(request)]
      if (theirs === mine) return void (theirs ? both++ : neither++)
      // Never the other way round.
      expect(mine).toBe(false)
      const kind = request.how === 'behind' || request.how === 'spelling' ? request.how : request.how === 'none' && request.offset > 300 ? 'future' : undefined
      expect({ request, kind }).toMatchObject({ kind: expect.any(String) as string })
      only[kind!]++
    }), { numRuns: 3000, seed: 7 })
    for (const count of [both, neither, ...Object.values(only)]) expect(count).toBeGreaterThan(20)
  })

  test('bytes that are no UTF-8 are proven as they are, where bolt takes them for what they are not', () => {
    const body = Buffer.concat([Buffer.from('text='), Buffer.from([0xff, 0xfe])]), signature = signatureOf(official.secret, official.timestamp, body)
    expect(why({ body: new Uint8Array(body), signature })).toBe('good')
    expect(bolt({ signature, timestamp: official.timestamp, body: body.toString(), secret: official.secret, at: now })).toBe(false)
  })
})
