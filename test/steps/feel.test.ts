import { beforeEach, describe, expect, test, vi } from 'vitest'
import { feel } from '../../activities/watch/feel.ts'
import type { Rotation } from '../../activities/watch/rotation.ts'
import { watchWorld } from './watch.world.ts'

let w: ReturnType<typeof watchWorld>, it: Rotation
beforeEach(async () => {
  w = watchWorld()
  it = w.rotation()
  await w.lend('one', ['192.0.2.1'])
})

describe('a pulse that reads no processes', () => {
  test('is asked without one, and nobody looks for one', async () => {
    w.pulse.byProcess = false
    const beat = vi.spyOn(w.pulse, 'beat'), look = vi.spyOn(w.eyes, 'look')
    await w.round(it, feel)
    expect(beat.mock.calls).toEqual([[{ id: expect.any(String) as string }]])
    expect(look).not.toHaveBeenCalled()
  })

  test('that does not know is not idle, and says why', async () => {
    w.pulse.byProcess = false
    w.pulse.beat = () => Promise.resolve({ why: 'this cluster has no metrics' })
    for (let rounds = 0; rounds < 3; rounds++) await w.round(it, feel)
    expect(w.said.map(({ word: { what, evidence } }) => ({ what, evidence }))).toEqual([{ what: 'busy', evidence: 'not known to be idle: this cluster has no metrics' }])
  })

  test('that knows of cpu alone is not idle either', async () => {
    w.pulse.byProcess = false
    w.pulse.beat = () => Promise.resolve({ cpuMs: 0, why: 'this cluster tells cpu alone' })
    for (let rounds = 0; rounds < 3; rounds++) await w.round(it, feel)
    expect(w.said.filter(({ word }) => word.what === 'idle')).toEqual([])
  })
})

describe('a pulse by process', () => {
  test('is not asked of a container whose process nobody knows', async () => {
    const beat = vi.spyOn(w.pulse, 'beat')
    w.eyes.look = () => Promise.resolve({ is: 'running', hostPorts: [], startedAt: 0, id: 'one' })
    await w.round(it, feel)
    expect(beat).not.toHaveBeenCalled()
  })
})
