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

describe('chats', () => {
  const chat = {
    url: 'https://berth.example.org',
    slack: [{ team: 'T1DC2JH3J', botTokenFile: 'bot', signingSecretFile: 'secret' }],
    mattermost: [{ name: 'campus', url: 'https://chat.example.org', botTokenFile: 'mm', commandTokenFiles: { r34boek1ojg19q8n9ddpcf6ube: 'token' } }],
  }
  const gateway = { ...good, roles: ['gateway'], policy: 'p', directory: {
    url: 'ldaps://ldap', bindDn: 'cn', bindPasswordFile: 'f', base: 'b', groupBase: 'g', canary: { uid: 'c', group: 'c' },
  }, gateway: { port: 443 }, keys: { ...good.keys, tokens: 't.json', chat: 'c.json' } }

  test('are Slack workspaces and Mattermost servers', () => {
    expect(checkConfig({ ...gateway, chat }).chat).toMatchObject(chat)
    expect(checkConfig({ ...gateway, chat: { url: chat.url } }).chat).toMatchObject({ slack: [], mattermost: [] })
  })

  test('link without the page only where that is said', () => {
    const sso = { ...chat.slack[0], mode: 'slack-sso-email', domains: ['example.org', 'cs.example.org'] }, ldap = { ...chat.mattermost[0], mode: 'mattermost-ldap' }
    expect(checkConfig({ ...gateway, chat: { ...chat, slack: [sso], mattermost: [ldap] } }).chat).toMatchObject({ slack: [sso], mattermost: [ldap] })
    const plain = checkConfig({ ...gateway, chat }).chat!
    expect([plain.slack[0], plain.mattermost[0]]).toEqual([expect.not.objectContaining({ mode: expect.anything() as unknown }), expect.not.objectContaining({ mode: expect.anything() as unknown })])
  })

  test('need a key of their own, and are told how to make one; a host role needs none', () => {
    const { chat: _, ...keys } = gateway.keys
    expect(problemsOf({ ...gateway, keys, chat })).toEqual([expect.stringMatching(/^chat needs keys\.chat; make one with: .*openssl rand -base64 32.*chmod 600/) as unknown])
    expect(problemsOf({ ...good, chat })).toEqual([])
  })

  test.each<[string, object, RegExp]>([
    ['an address with a path', { url: 'https://berth.example.org/x' }, /chat\.url/],
    ['a team that is none', { slack: [{ ...chat.slack[0], team: 'berth' }] }, /chat\.slack\.0\.team/],
    ['neither secret nor socket', { slack: [{ team: 'T1DC2JH3J', botTokenFile: 'bot' }] }, /signingSecretFile .* or appTokenFile/],
    ['addresses that count, and nobody says whose', { slack: [{ ...chat.slack[0], mode: 'slack-sso-email' }] }, /chat\.slack\.0: .*domains go together/],
    ['no address at all', { slack: [{ ...chat.slack[0], mode: 'slack-sso-email', domains: [] }] }, /chat\.slack\.0\.domains/],
    ['domains without the mode', { slack: [{ ...chat.slack[0], domains: ['example.org'] }] }, /domains go together/],
    ['an address for a domain', { slack: [{ ...chat.slack[0], mode: 'slack-sso-email', domains: ['@example.org'] }] }, /is like example\.org/],
    ['a domain of many', { slack: [{ ...chat.slack[0], mode: 'slack-sso-email', domains: ['*.example.org'] }] }, /is like example\.org/],
    ['a domain that no address would equal', { slack: [{ ...chat.slack[0], mode: 'slack-sso-email', domains: ['Example.org'] }] }, /in lower case/],
    ['the other platform’s mode', { mattermost: [{ ...chat.mattermost[0], mode: 'slack-sso-email' }] }, /chat\.mattermost\.0\.mode/],
    ['a secret in clear', { slack: [{ ...chat.slack[0], botToken: 'xoxb-1' }] }, /botToken/],
    ['a server’s name with a slash', { mattermost: [{ ...chat.mattermost[0], name: 'a/b' }] }, /chat\.mattermost\.0\.name/],
  ])('are refused with %s', (_what, more, says) => {
    const problems = problemsOf({ ...gateway, chat: { ...chat, ...more } }).join()
    expect(problems).toMatch(says)
    expect(problems).not.toContain('xoxb-1')
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
