import { describe, expect, test } from 'vitest'
import { BadConfig, checkConfig } from '../../worker/config.ts'
import { assertSafe } from '../../worker/connect.ts'

const good = {
  instance: 'campus', roles: ['host'], state: '/var/lib/berth',
  keys: { payloads: 'p.json', marks: 'm.json', env: 'e.json' },
  host: { name: 'h1', site: 'campus', address: '10.0.0.1', ports: [21000, 21999] },
}

function problemsOf(config: unknown): readonly string[] {
  try {
    checkConfig(config)
  } catch (error) {
    if (error instanceof BadConfig) return error.problems
    throw error
  }
  return []
}

describe('the configuration', () => {
  test('fills in what is usual', () => {
    expect(checkConfig(good).host).toMatchObject({ socket: '/var/run/docker.sock', slots: 100, wall: 'iptables' })
  })

  test('tells all its problems at once', () => {
    const problems = problemsOf({ ...good, instance: 'Not Good', host: { ...good.host, ports: [2, 1] }, typo: 1 })
    expect(problems).toHaveLength(3)
    expect(problems.join()).toMatch(/instance.*ports.*typo/)
  })

  test('takes an address over HTTP for traces, and nothing else', () => {
    expect(checkConfig({ ...good, traces: { endpoint: 'http://127.0.0.1:4318' } }).traces).toEqual({ endpoint: 'http://127.0.0.1:4318' })
    for (const endpoint of ['127.0.0.1:4318', 'grpc://127.0.0.1:4317']) expect(problemsOf({ ...good, traces: { endpoint } })).toEqual(['traces.endpoint: is like http://127.0.0.1:4318'])
  })

  test('says what a role needs', () => {
    expect(problemsOf({ ...good, roles: ['core', 'gateway'] })).toEqual([
      'role core needs policy', 'role core needs directory', 'role core needs names',
      'role gateway needs gateway', 'role gateway needs directory', 'role gateway needs policy', 'role gateway needs keys.tokens',
    ])
  })
})

describe('a Temporal outside this machine', () => {
  test.each(['127.0.0.1:7233', 'localhost:7233', '[::1]:7233', '127.8.8.8:1'])('%s is this machine', (address) => {
    expect(() => assertSafe(address, { tls: false, clientCert: false, apiKey: false })).not.toThrow()
  })

  test.each(['10.0.0.1:7233', 'temporal.example:7233', '127.0.0.1.example:7233', 'localhost.example:7233'])('%s needs mutual TLS', (address) => {
    expect(() => assertSafe(address, { tls: true, clientCert: false, apiKey: false })).toThrow(/mutual TLS/)
    expect(() => assertSafe(address, { tls: false, clientCert: false, apiKey: true })).toThrow(/mutual TLS/)
    expect(() => assertSafe(address, { tls: true, clientCert: true, apiKey: false })).not.toThrow()
    expect(() => assertSafe(address, { tls: true, clientCert: false, apiKey: true })).not.toThrow()
  })
})
