import { mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isAdmin } from '../../activities/policy/admin.ts'
import { PolicyUnavailable, createPolicy } from '../../activities/policy/policy.ts'

const text = (cpu: string) => `
admins: [Wheel]
groups: { students: { images: ["nginx:1.27"], cpu: ${cpu} } }
sites: { campus: { zone: campus.example.org, hosts: [alpha] } }
`

describe('the policy in force', () => {
  let dir: string, file: string, said: string[]
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'berth-policy-'))
    file = join(dir, 'policy.yaml')
    said = []
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  const open = (over: { settleMs?: number, lastGood?: string } = {}) =>
    createPolicy({ file, stateDir: join(dir, 'state'), settleMs: 0, report: (sentence) => said.push(sentence), ...over })
  const cpuOf = (policy: ReturnType<typeof open>) => policy.current().terms.groups[0]!.cpu

  test('a changed file is in force with the next use', () => {
    writeFileSync(file, text('1'))
    const policy = open()
    expect(cpuOf(policy)).toBe(1)
    const { digest } = policy.current()
    writeFileSync(file, text('2.5'))
    expect(cpuOf(policy)).toBe(2.5)
    expect(policy.current().digest).not.toBe(digest)
    expect(said).toHaveLength(2)
  })

  test('a bad new version is refused, the last good one kept, and a mended one taken', () => {
    writeFileSync(file, text('1'))
    const policy = open()
    policy.current()
    writeFileSync(file, text('lots'))
    expect(cpuOf(policy)).toBe(1)
    expect(policy.problems().join()).toContain('line 3: groups.students.cpu')
    expect(policy.state).toBe('last good')
    writeFileSync(file, text('3'))
    expect(cpuOf(policy)).toBe(3)
    expect(policy.problems()).toEqual([])
    expect(policy.state).toBe('in force')
  })

  test('the last good one is kept over a restart, for nobody else to read', () => {
    writeFileSync(file, text('1'))
    open({ lastGood: 'kept.yaml' }).current()
    const copy = join(dir, 'state', 'kept.yaml')
    expect(statSync(copy).mode & 0o777).toBe(0o600)
    expect(readFileSync(copy, 'utf8')).toBe(text('1'))
    writeFileSync(file, 'groups: [')
    const again = open({ lastGood: 'kept.yaml' })
    expect(cpuOf(again)).toBe(1)
    expect(again.problems().join()).toContain('line 1')
    expect(said.at(-1)).toContain('the last good one kept')
  })

  test('a file that is gone counts as a bad version, also over a restart', () => {
    writeFileSync(file, text('1'))
    const policy = open()
    policy.current()
    unlinkSync(file)
    expect(cpuOf(policy)).toBe(1)
    expect(cpuOf(open())).toBe(1)
    expect(policy.problems().join()).toContain('cannot be read')
  })

  test('without any good version nothing is lent, the role starts, and a mended file is taken', () => {
    const policy = open()
    expect(() => policy.current()).toThrow(PolicyUnavailable)
    expect(policy.state).toBe('none')
    writeFileSync(file, 'groups: 5')
    expect(() => policy.current()).toThrow(/Try again later/)
    writeFileSync(file, text('1'))
    expect(cpuOf(policy)).toBe(1)
  })

  test('a kept copy that is wrong too is not used, and is named', () => {
    writeFileSync(file, text('1'))
    open().current()
    writeFileSync(file, 'x')
    writeFileSync(join(dir, 'state', 'policy.last-good.yaml'), 'y')
    const policy = open()
    expect(() => policy.current()).toThrow(PolicyUnavailable)
    expect(policy.problems().join()).toContain('last good copy')
  })

  test('half a file gives nobody anything: a change is read once it has been left alone', () => {
    writeFileSync(file, text('1'))
    const policy = open({ settleMs: 60_000 })
    expect(cpuOf(policy)).toBe(1)
    writeFileSync(file, text('2'))
    expect(cpuOf(policy)).toBe(1)
    const earlier = new Date(Date.now() - 61_000)
    utimesSync(file, earlier, earlier)
    expect(cpuOf(policy)).toBe(2)
  })

  test('a copy that cannot be written is said and hinders nothing', () => {
    writeFileSync(file, text('1'))
    writeFileSync(join(dir, 'state'), 'a file where the folder should be')
    expect(cpuOf(open())).toBe(1)
    expect(said.join()).toContain('cannot be written')
  })

  test('admins are who the policy lists, unless disabled, and nobody while there is none', () => {
    const someone = { groups: ['wheel'], disabled: false }
    const policy = open()
    expect(isAdmin(someone, policy)).toBe(false)
    writeFileSync(file, text('1'))
    expect(isAdmin(someone, policy)).toBe(true)
    expect(isAdmin({ groups: ['WHEEL', 'x'], disabled: false }, policy)).toBe(true)
    expect(isAdmin({ ...someone, disabled: true }, policy)).toBe(false)
    expect(isAdmin({ groups: ['students'], disabled: false }, policy)).toBe(false)
  })
})
