import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCpu, parseMemory, sayCpu, sayMemory } from '../../workflows/rules/amount.ts'

const MiB = 1024 ** 2

describe('memory and cpu', () => {
  test.each([
    ['512Mi', 512 * MiB], ['512MiB', 512 * MiB], ['512m', 512 * MiB], ['1Gi', 1024 * MiB], ['1g', 1024 * MiB], ['1.5 Gi', 1536 * MiB],
    ['512MB', 512_000_000], ['2GB', 2e9], ['1Ti', 1024 ** 4], ['64k', 65_536],
  ])('memory %j is read', (text, bytes) => expect(parseMemory(text)).toBe(bytes))

  test.each(['', '512', '-1Gi', '1,5Gi', '1e3Mi', '0Mi', 'Mi', '1Pi', '1 0Gi', '９Gi', '1Gi\0', '0.0001k', '1b', '9999999999Mi', 'lots'])(
    'memory %j is not', (text) => expect(parseMemory(text)).toBeUndefined())

  test.each([['0.5', 0.5], ['2', 2], ['500m', 0.5], ['1.250', 1.25], [' 1 ', 1]])('cpu %j is read', (text, cores) => expect(parseCpu(text)).toBe(cores))

  test.each(['', '0', '0m', '-1', '1,5', '1e2', '.5', '1.', '0.00001', 'two', '１', 'NaN', 'Infinity', '99999'])(
    'cpu %j is not', (text) => expect(parseCpu(text)).toBeUndefined())

  test.each([[512 * MiB, '512 MiB'], [1536 * MiB, '1.5 GiB'], [100, '100 B'], [2048, '2 KiB']])('%d bytes are said as %j',
    (bytes, said) => expect(sayMemory(bytes)).toBe(said))

  test('cores are said without noise', () => expect([sayCpu(0.1 + 0.2), sayCpu(2)]).toEqual(['0.3 cpu', '2 cpu']))

  test('whatever is typed is a positive amount or nothing', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.kmgtiKMGTIbB ]{0,12}$/)), (text) => {
      const bytes = parseMemory(text), cores = parseCpu(text)
      expect(bytes === undefined || (Number.isSafeInteger(bytes) && bytes > 0)).toBe(true)
      expect(cores === undefined || (cores > 0 && cores <= 10_000)).toBe(true)
    }))
  })

  test('what is said of whole mebibytes can be read again', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 1023 }), (n) => {
      expect(parseMemory(sayMemory(n * MiB))).toBe(n * MiB)
    }))
  })
})
