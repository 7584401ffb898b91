import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keyAlphabet, keyLength } from '../../workflows/contract.ts'
import { checkName, inventName, longestName } from '../../workflows/rules/name.ts'

const key = fc.string({ unit: fc.constantFrom(...keyAlphabet), minLength: keyLength, maxLength: keyLength })

describe('a name', () => {
  test.each(['web', 'my-web', 'a', '7', 'x1-2-3', 'a'.repeat(longestName)])('%s may be used', (name) => {
    expect(checkName(name)).toBeUndefined()
  })

  test.each([
    '', '-web', 'web-', 'Web', 'my_web', 'my web', 'web.b', 'wéb', '日本', '```', '$HOME', 'a\nb', 'xn--caf-dma', 'ab--c',
    'a'.repeat(longestName + 1), '__proto__',
  ])('%j is no DNS label and is refused with an example', (name) => {
    expect(checkName(name)).toMatchObject({ kind: 'badName', sentence: expect.stringContaining('like my-web') })
  })

  test.each(['www', 'ns', 'mail', 'localhost', 'admin'])('%s is reserved', (name) => {
    expect(checkName(name)?.kind).toBe('nameReserved')
  })

  test('everything that passes is a label of a host name, also with the key behind it', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', 'z', '0', '-', '_', '.', 'é', ' ') }), (name) => {
      if (checkName(name) === undefined) expect(`${name}-abc123`).toMatch(/^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/)
    }))
  })
})

describe('an invented name', () => {
  test('is the image and the end of the key', () => {
    expect(inventName('registry.example.org/team/Nginx_Plus:1.27', 'abcdef0123456789wxyz')).toBe('nginx-plus-wxyz')
    expect(inventName('日本', 'abcdef0123456789wxyz')).toBe('lease-wxyz')
  })

  test('may always be used, whatever the image is called', () => {
    fc.assert(fc.property(fc.string(), key, (image, made) => {
      expect(checkName(inventName(image, made))).toBeUndefined()
    }))
  })
})
