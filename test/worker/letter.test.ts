import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createReader, sealTo } from '../../worker/keys/letter.ts'

test('a letter opens for its reader, and says what was sealed', () => {
  const reader = createReader(), text = `eyJ0b2tlbg.${'ü'.repeat(3000)}`
  expect(reader.open(sealTo(reader.key, text, 'reach'), 'reach')).toBe(text)
  expect(reader.open(sealTo(reader.key, '', 'reach'), 'reach')).toBe('')
})

test('it opens for no other reader, and for no other purpose', () => {
  const reader = createReader(), letter = sealTo(reader.key, 'secret', 'reach')
  expect(createReader().open(letter, 'reach')).toBeUndefined()
  expect(reader.open(letter, 'env')).toBeUndefined()
})

test('two letters of one text have nothing in common, and neither shows it', () => {
  const reader = createReader(), letters = [sealTo(reader.key, 'secret', 'reach'), sealTo(reader.key, 'secret', 'reach')]
  expect(letters[0]!.slice(0, 8)).not.toBe(letters[1]!.slice(0, 8))
  for (const letter of letters) expect(Buffer.from(letter, 'base64url').includes('secret')).toBe(false)
})

test('one that was changed anywhere, or cut, does not open and throws nothing', () => {
  const reader = createReader(), bytes = Buffer.from(sealTo(reader.key, 'secret', 'reach'), 'base64url')
  for (let at = 0; at < bytes.length; at++) {
    // The highest bit of a key counts for nothing (RFC 7748, section 5), yet it is part of what was agreed.
    const changed = Buffer.from(bytes)
    changed[at]! ^= 0x80
    expect(reader.open(changed.toString('base64url'), 'reach')).toBeUndefined()
    expect(reader.open(bytes.subarray(0, at).toString('base64url'), 'reach')).toBeUndefined()
  }
  expect(reader.open('', 'reach')).toBeUndefined()
  expect(reader.open('no base64url at all: $$$', 'reach')).toBeUndefined()
})

test('nothing is sealed to what is no key, or to a key that everybody agrees with', () => {
  for (const key of ['', 'abc', randomBytes(31).toString('base64url'), randomBytes(33).toString('base64url'), Buffer.alloc(32).toString('base64url')]) {
    expect(() => sealTo(key, 'secret', 'reach')).toThrow()
  }
})
