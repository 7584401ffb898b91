import { describe, expect, it } from 'vitest'
import { MemoryEngine } from '../../activities/memory/engine.ts'
import { memoryRuntime } from '../../activities/memory/runtime.ts'
import { newOrder, runtimeSuite, signs } from './runtime.suite.ts'

const program = (reference: string, ports = [80]) => ({ image: reference, reference, ports })

describe('a runtime in memory', () => {
  runtimeSuite(async () => {
    const engine = new MemoryEngine({ cpu: 8, memory: 2 ** 34, images: { web: 'runs', silent: 'silent', exits: 'exits', bad: 'badCommand' } })
    const [runtime, twin] = [memoryRuntime({ engine, instance: 'one' }), memoryRuntime({ engine, instance: 'one' })]
    let port = 20_000
    return {
      runtime, twin, stranger: memoryRuntime({ engine, instance: 'two' }), web: program('web'),
      fails: { unknownImage: program('nosuch'), badCommand: program('bad'), exitedAtOnce: program('exits'), notListening: program('silent') },
      freePort: async () => port++,
      occupy: async (taken) => {
        engine.occupied.add(taken)
        return () => void engine.occupied.delete(taken)
      },
      rest: 'volume',
      leaveRest: async (one) => {
        engine.leave(`data-${one.key}`, 'one', one)
        return `data-${one.key}`
      },
      die: async (one) => engine.die(one),
      close: async () => {},
    }
  })

  const web = program('web'), broken = () => new Error('The answer was lost.')

  it('can fail before its work, and after it', async () => {
    const runtime = memoryRuntime(), one = newOrder(web, [20_080])
    runtime.faults.arm({ verb: 'start', when: 'before', error: broken })
    await expect(runtime.start(one, signs())).rejects.toThrow('lost')
    expect((await runtime.look(one)).is).toBe('absent')
    runtime.faults.arm({ verb: 'start', when: 'after', error: broken })
    await expect(runtime.start(one, signs())).rejects.toThrow('lost')
    expect((await runtime.look(one)).is).toBe('running')
    await runtime.start(one, signs())
    expect(runtime.engine.of(one)[0]?.starts).toBe(1)
  })

  it('can be late, and stops waiting when it is cancelled', async () => {
    const runtime = memoryRuntime(), one = newOrder(web, [20_080]), nobody = new AbortController()
    runtime.faults.arm({ verb: 'start', when: 'before', delayMs: 60_000 })
    const late = runtime.start(one, signs(nobody.signal))
    nobody.abort(new Error('Nobody wants it.'))
    await expect(late).rejects.toThrow('Nobody wants it.')
    expect((await runtime.look(one)).is).toBe('absent')
  })

  it('fails a share of its calls, repeatably', async () => {
    const numbers = [0.1, 0.9, 0.2, 0.8]
    const runtime = memoryRuntime({ random: () => numbers.shift() ?? 1 })
    runtime.faults.arm({ verb: 'any', when: 'before', share: 0.3, times: Infinity, error: broken })
    const failed = await Promise.all([1, 2, 3, 4].map(() => runtime.list().then(() => false, () => true)))
    expect(failed).toEqual([true, false, true, false])
  })

  it('answers nothing while it is away, and keeps what it has', async () => {
    const runtime = memoryRuntime(), one = newOrder(web, [20_080])
    await runtime.start(one, signs())
    runtime.engine.away = true
    await expect(runtime.look(one)).rejects.toThrow('does not answer')
    runtime.engine.away = false
    expect((await runtime.look(one)).is).toBe('running')
  })

  it('has stopped everything when it comes back from a restart', async () => {
    const runtime = memoryRuntime(), one = newOrder(web, [20_080])
    await runtime.start(one, signs())
    runtime.engine.restart()
    expect(await runtime.look(one)).toMatchObject({ is: 'stopped', exitCode: 137 })
  })
})
