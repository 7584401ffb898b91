/** A policy for journeys: one site, two groups, short clocks. JSON is YAML too. */
import { writeFileSync } from 'node:fs'
import { toolsImage, webImage } from '../../worker/embedded/image.ts'

export interface PolicyOptions {
  readonly zone: string
  readonly hosts: readonly string[]
  readonly clocks?: Readonly<Record<string, string>>
  readonly defaults?: Readonly<Record<string, unknown>>
}

export function writePolicy(file: string, { zone, hosts, clocks, defaults }: PolicyOptions): void {
  writeFileSync(file, JSON.stringify({
    admins: ['admins'],
    images: {
      web: { reference: webImage, ports: [80] },
      tools: { reference: toolsImage, command: ['sleep', 'infinity'] },
    },
    sites: { campus: { zone, hosts, ttl: '1s', negativeTtl: '1s' } },
    defaults: {
      images: ['web', 'tools'], sites: ['campus'], cpu: 0.2, memory: '64Mi', count: 4, totalCpu: 2, totalMemory: '512Mi',
      default: '1h', longest: '4h', longestWait: '5m', extend: { step: '1h', window: '4h', cap: '12h' }, warn: ['10m'], ...defaults,
    },
    groups: { students: {}, admins: {} },
    // A story waits so long for a host whose worker was killed.
    clocks: { hostQueue: '30s', check: '5s', ...clocks },
  }, null, 2))
}
