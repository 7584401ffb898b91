import { describe, expect, test } from 'vitest'
import { createOwn } from '../../activities/steps/own.ts'
import type { HostSteps } from '../../workflows/steps.ts'

const it = { key: 'k', number: 1, member: 'mika' }, nothing = { restarted: 0, grants: 0 } as never

describe('what a host\'s own steps do', () => {
  test('is known while they do it and for half a minute afterwards, of a placement and of all that a member has', async () => {
    let now = 0
    const own = createOwn(() => now), during: boolean[] = []
    const steps = own.wrap({
      pauseContainer: async () => void during.push(own.isOwn('k#1')),
      revokeReach: async () => { during.push(own.hasRestarted('mika')); return nothing },
    } as Partial<HostSteps> as HostSteps)
    expect([own.isOwn('k#1'), own.hasRestarted('mika')]).toEqual([false, false])
    await steps.pauseContainer(it)
    await steps.revokeReach('mika')
    expect(during).toEqual([true, true])
    expect([own.isOwn('k#1'), own.isOwn('k#2'), own.hasRestarted('mika'), own.hasRestarted('noor')]).toEqual([true, false, true, false])
    now += 30_001
    expect([own.isOwn('k#1'), own.hasRestarted('mika')]).toEqual([false, false])
  })
})
