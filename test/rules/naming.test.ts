import fc from 'fast-check'
import { expect, it } from 'vitest'
import { servicesOf, srvNames, standing } from '../../workflows/rules/naming.ts'

it('the first port of a service has its name, later ones their own', () => {
  expect(servicesOf([8080, 80, 443, 22, 5432])).toEqual(['_http', '_p80', '_https', '_ssh', '_p5432'])
  expect(srvNames([80, 3000], 'web-abc123', 'site1.test')).toEqual(['_http._tcp.web-abc123.site1.test', '_p3000._tcp.web-abc123.site1.test'])
})

it('no two ports of a lease share an SRV name', () => {
  fc.assert(fc.property(fc.uniqueArray(fc.oneof(fc.constantFrom(22, 80, 443, 3000, 8000, 8080, 8443), fc.integer({ min: 1, max: 65_535 }))), (ports) => {
    expect(new Set(servicesOf(ports)).size).toBe(ports.length)
  }))
})

it('a name is free, ours, somebody else\'s, or already held by a newer placement', () => {
  const asker = { key: 'a', number: 2 }
  expect(standing({ is: 'nobody' }, asker)).toBe('free')
  expect(standing({ is: 'other' }, asker)).toBe('theirs')
  expect(standing({ is: 'lease', key: 'b', number: 2 }, asker)).toBe('theirs')
  expect([1, 2, 3].map((number) => standing({ is: 'lease', key: 'a', number }, asker))).toEqual(['ours', 'ours', 'stale'])
})
