import { describe, expect, test } from 'vitest'
import { memoryDirectory } from '../../activities/memory/directory.ts'
import { PolicyUnavailable } from '../../activities/policy/policy.ts'
import { readPolicy, type ReadPolicy } from '../../activities/policy/read.ts'
import { createDirectorySteps } from '../../activities/steps/directory.ts'
import { defaultClocks } from '../../workflows/rules/clocks.ts'

const policy = readPolicy(`
groups: { students: { images: ["nginx:1.27"] } }
sites: { campus: { zone: campus.example.org, hosts: [alpha] } }
`) as ReadPolicy
const inForce = { current: () => policy }
const directory = memoryDirectory({
  people: [
    { uid: 'Mika', groups: ['Students'] }, { uid: 'gone', groups: ['students'], disabled: true }, { uid: 'lone', groups: ['others'] },
  ],
})
const steps = createDirectorySteps({ directory, policy: inForce })

describe('what a member may do now', () => {
  test('a member of a group gets its entitlement, with the digest of the policy', async () => {
    expect(await steps.entitle('MIKA')).toMatchObject({
      is: 'member', uid: 'mika', clocks: defaultClocks, entitlement: { policy: policy.digest, images: [{ name: 'nginx:1.27' }] },
    })
  })

  test('nobody, a disabled account and a member without rights each get a sentence with the next step', async () => {
    expect(await steps.entitle('nobody')).toMatchObject({ is: 'nobody', sentence: expect.stringContaining('ask an admin') })
    expect(await steps.entitle('gone')).toMatchObject({ is: 'disabled', uuid: expect.any(String), sentence: expect.stringContaining('disabled') })
    expect(await steps.entitle('lone')).toMatchObject({ is: 'noRights', uuid: expect.any(String), sentence: expect.stringContaining('Ask an admin') })
  })

  test.each(['down', 'hidden', 'groupsHidden', 'wrong'] as const)('a directory that is %s is tried again, never a lost right', async (trouble) => {
    directory.trouble = trouble
    try {
      for (const uid of ['mika', 'nobody']) {
        await expect(steps.entitle(uid)).rejects.toMatchObject({ type: 'Unavailable', nonRetryable: false })
      }
    } finally {
      directory.trouble = undefined
    }
  })

  test('a missing policy is tried again, for a member and for a site', async () => {
    const without = createDirectorySteps({ directory, policy: { current: () => { throw new PolicyUnavailable('There is none. Try later.') } } })
    await expect(without.entitle('mika')).rejects.toMatchObject({ type: 'Unavailable', nonRetryable: false, message: 'There is none. Try later.' })
    await expect(without.readSite('campus')).rejects.toMatchObject({ type: 'Unavailable', nonRetryable: false })
  })

  test('a site is as the policy lists it, and undefined when it lists none', async () => {
    expect(await steps.readSite('campus')).toEqual({
      terms: { name: 'campus', zone: 'campus.example.org', hosts: ['alpha'], ttlMs: 30_000, negativeTtlMs: 30_000 }, clocks: defaultClocks,
    })
    expect(await steps.readSite('moon')).toBeUndefined()
  })
})
