import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openText, sealText } from '../../worker/keys/box.ts'
import { PayloadBox } from '../../worker/keys/codec.ts'
import { type Keyring, makeKeyFile, parseKeyring, readKeyring } from '../../worker/keys/keyring.ts'

const dir = mkdtempSync(join(tmpdir(), 'berth-keys-'))
afterAll(() => rmSync(dir, { recursive: true }))
const ring = (...ids: string[]): Keyring => ({ current: ids[0]!, keys: new Map(ids.map((id) => [id, randomBytes(32)])) })

describe('a key file', () => {
  test('that others may read is refused', () => {
    const file = join(dir, 'open.json')
    writeFileSync(file, '{}')
    chmodSync(file, 0o644)
    expect(() => readKeyring(file)).toThrow(/chmod 600/)
  })

  test('is made once and never over another', () => {
    const file = join(dir, 'made.json')
    const made = makeKeyFile(file)
    expect(readKeyring(file)).toEqual(made)
    expect(() => makeKeyFile(file)).toThrow(/EEXIST/)
  })

  test.each([
    ['{"current":"a","keys":{"a":"c2hvcnQ="}}', /32 bytes/],
    ['{"current":"b","keys":{}}', /must name one/],
    [`{"current":"a b","keys":{"a b":"${randomBytes(32).toString('base64')}"}}`, /letters, digits/],
  ])('%s is refused with what to do', (text, problem) => {
    expect(() => parseKeyring(text, 'f')).toThrow(problem)
  })
})

describe('a sealed text', () => {
  test('opens with its key and its binding only', () => {
    const keys = ring('one')
    const sealed = sealText(keys, 'secret', 'lease-1')
    expect(openText(keys, sealed, 'lease-1')).toBe('secret')
    expect(openText(keys, sealed, 'lease-2')).toBeUndefined()
    expect(openText(ring('one'), sealed, 'lease-1')).toBeUndefined()
    expect(sealed).not.toContain('secret')
  })

  test('opens after its key was retired, and not after it was forgotten', () => {
    const old = ring('old')
    const sealed = sealText(old, 'x', '')
    const rotated: Keyring = { current: 'new', keys: new Map([...old.keys, ['new', randomBytes(32)]]) }
    expect(openText(rotated, sealed, '')).toBe('x')
    expect(sealText(rotated, 'x', '')).toMatch(/^new\./)
    expect(openText({ current: 'new', keys: new Map([['new', randomBytes(32)]]) }, sealed, '')).toBeUndefined()
  })

  test('that was changed anywhere does not open', () => {
    const keys = ring('one')
    const sealed = sealText(keys, 'secret', '')
    for (let at = 4; at < sealed.length - 1; at++) {
      const forged = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
      expect(openText(keys, forged, '')).toBeUndefined()
    }
  })
})

describe('the payload codec', () => {
  const payload = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('"PASSWORD"') }

  test('shows nothing in clear and gives back what it took', async () => {
    const box = new PayloadBox(ring('k'))
    const [sealed] = await box.encode([payload])
    expect(Buffer.from(sealed!.data!).includes('PASSWORD')).toBe(false)
    const [opened] = await box.decode([sealed!])
    expect(Buffer.from(opened!.data!).toString()).toBe('"PASSWORD"')
    expect(Buffer.from(opened!.metadata!['encoding']!).toString()).toBe('json/plain')
  })

  test('passes on what it did not make', async () => {
    expect(await new PayloadBox(ring('k')).decode([payload])).toEqual([payload])
  })

  test('names the key that is missing', async () => {
    const [sealed] = await new PayloadBox(ring('gone')).encode([payload])
    await expect(new PayloadBox(ring('k')).decode([sealed!])).rejects.toThrow(/key gone/)
  })
})
