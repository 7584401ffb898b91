/** Terms for tests: what the policy would say. */
import type { Entitlement, SiteTerms } from '../../workflows/terms.ts'

const minute = 60_000, hour = 60 * minute, mebi = 2 ** 20

export const campus: SiteTerms = { name: 'campus', zone: 'campus.test', hosts: ['h1', 'h2'], ttlMs: 200, negativeTtlMs: 100 }

export const generous: Entitlement = {
  policy: 'test', images: [{ name: 'web', reference: 'web:1', ports: [80] }, { name: 'tools', reference: 'tools:1' }], catalog: ['web', 'tools', 'secret'],
  cpu: 2, memory: 1024 * mebi, count: 10, totalCpu: 20, totalMemory: 10240 * mebi,
  defaultMs: 2 * hour, longestMs: 8 * hour, longestWaitMs: 10 * minute,
  extend: { stepMs: 2 * hour, windowMs: 30 * minute, capMs: 24 * hour },
  sites: [campus], warnMs: [], graceMs: 2_000, restart: 'always', narrowed: 'keep',
}
