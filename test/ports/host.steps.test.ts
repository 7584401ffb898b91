import { MockActivityEnvironment } from '@temporalio/testing'
import { CancelledFailure, type ApplicationFailure } from '@temporalio/common'
import { DefaultLogger } from '@temporalio/worker'
import { describe, expect, it, vi } from 'vitest'
import { memoryRuntime, type MemoryRuntime, type MemoryRuntimeOptions } from '../../activities/memory/runtime.ts'
import { memoryReach } from '../../activities/memory/reach.ts'
import { createHostSteps } from '../../activities/steps/host.ts'
import { sealAccess } from '../../worker/adapters.ts'
import { createReader } from '../../worker/keys/letter.ts'
import { type HostOrder, NoReach, type Owned } from '../../workflows/ports.ts'
import { refusalIn } from '../../workflows/refuse.ts'
import { newKey } from './runtime.suite.ts'

function newHostOrder(reference = 'web', env?: string): HostOrder {
  return {
    key: newKey(), member: 'mika',
    spec: { image: 'web', reference, cpu: 1, memory: 64 << 20, ports: [80], ...(env !== undefined && { env }) },
    place: { site: 'campus', host: 'h1', number: 3, address: '127.0.0.1', zone: 'lease.test', hostPorts: [21_000] },
  }
}

function open(options: MemoryRuntimeOptions = {}, heartbeatMs = 10) {
  const runtime = memoryRuntime(options), env = new MockActivityEnvironment(undefined, { logger: new DefaultLogger('ERROR') })
  const steps = createHostSteps({ runtime, heartbeatMs, openEnv: (sealed, key) => ({ SEALED: sealed, KEY: key }) })
  return { runtime, env, steps }
}

const berthing = ({ key, member, place }: HostOrder) => ({ key, member, number: place.number })
const fault = (runtime: MemoryRuntime, error: Error) => runtime.faults.arm({ verb: 'any', when: 'before', error: () => error })
const failure = (doing: Promise<unknown>): Promise<ApplicationFailure> => doing.then(() => { throw new Error('It did not fail.') }, (error) => error as never)

describe('steps of a host', () => {
  it('start what was placed, with the number and ports of its place, and env opened for its key', async () => {
    const { runtime, env, steps } = open(), order = newHostOrder('web', 'box')
    expect(await env.run(steps.startContainer, order)).toMatchObject({ is: 'running', hostPorts: [21_000] })
    const [made] = runtime.engine.of(order)
    expect(made?.order).toMatchObject({ number: 3, member: 'mika', spec: { env: { SEALED: 'box', KEY: order.key } } })
  })

  it.each(['exits', 'silent', 'badCommand'] as const)('turn what cannot run into a refusal: %s', async (does) => {
    const { env, steps } = open({ images: { it: does } })
    const error = await failure(env.run(steps.startContainer, newHostOrder('it')))
    const kind = { exits: 'exitedAtOnce', silent: 'notListening', badCommand: 'badCommand' }[does]
    expect(refusalIn(error)).toMatchObject({ kind, sentence: expect.stringMatching(/\S/) as string })
    expect(error.nonRetryable).toBe(true)
  })

  it('name the taken ports in a failure that is not retried', async () => {
    const { runtime, env, steps } = open()
    runtime.engine.occupied.add(21_000)
    const error = await failure(env.run(steps.startContainer, newHostOrder()))
    expect(error).toMatchObject({ type: 'PortTaken', nonRetryable: true, details: [[21_000]] })
  })

  it('say that there is no room in a failure that is not retried there, in the host\'s own words', async () => {
    const { runtime, env, steps } = open()
    runtime.engine.noRoom = 'the cluster has no room: 0/1 nodes are available.'
    const order = newHostOrder(), error = await failure(env.run(steps.startContainer, order))
    expect(error).toMatchObject({ type: 'NoRoom', nonRetryable: true, message: 'the cluster has no room: 0/1 nodes are available.' })
    expect(refusalIn(error)).toBeUndefined()
    expect(runtime.engine.of(order)).toEqual([])
  })

  it('hand on what only a cluster makes use of', async () => {
    const { runtime, env, steps } = open(), terms = { hostname: 'web-012345.lease.test', security: 'baseline' } as const
    const order = { ...newHostOrder(), terms }
    await env.run(steps.startContainer, order)
    expect(runtime.engine.of(order)[0]?.order.terms).toEqual(terms)
  })

  it('let anything else be retried, and say what it was', async () => {
    const { runtime, env, steps } = open(), order = newHostOrder()
    const all = [
      () => env.run(steps.startContainer, order), () => env.run(steps.resumeContainer, order), () => env.run(steps.pauseContainer, berthing(order)),
      () => env.run(steps.removeContainer, berthing(order)), () => env.run(steps.lookAtContainer, berthing(order)),
      () => env.run(steps.readLogs, berthing(order), 5), () => env.run(steps.listOwned),
    ]
    for (const step of all) {
      fault(runtime, new Error('The engine\'s disk is full.', { cause: new Error('ENOSPC') }))
      const error = await failure(step())
      expect(error).toMatchObject({ type: 'Unavailable', nonRetryable: false })
      expect(error.message).toContain('The engine\'s disk is full.')
    }
  })

  it('do not call a container removed before a look has proven it', async () => {
    const { runtime, env, steps } = open(), order = newHostOrder()
    await env.run(steps.startContainer, order)
    const remove = vi.spyOn(runtime, 'remove').mockResolvedValueOnce([])
    expect((await failure(env.run(steps.removeContainer, berthing(order)))).message).toContain('still running')
    expect(remove).toHaveBeenCalledOnce()
    await env.run(steps.removeContainer, berthing(order))
    expect(runtime.engine.of(order)).toEqual([])
    expect(await env.run(steps.removeContainer, berthing(order))).toEqual([])
  })

  it('say that they live while a start takes long, and end as cancelled when nobody wants it', async () => {
    const { runtime, env, steps } = open(), order = newHostOrder()
    let beats = 0
    env.on('heartbeat', () => {
      if (++beats === 3) env.cancel()
    })
    runtime.faults.arm({ verb: 'start', when: 'before', delayMs: 60_000 })
    await expect(env.run(steps.startContainer, order)).rejects.toBeInstanceOf(CancelledFailure)
    expect(beats).toBeGreaterThanOrEqual(3)
    expect(runtime.engine.of(order)).toEqual([])
  })

  it('remove what the list showed', async () => {
    const { runtime, env, steps } = open(), order = newHostOrder()
    await env.run(steps.startContainer, order)
    const owned = await env.run<[], readonly Owned[], () => Promise<readonly Owned[]>>(steps.listOwned)
    for (const one of owned) await env.run(steps.removeOwned, one)
    expect(runtime.engine.containers.size).toBe(0)
    expect(await env.run(steps.listOwned)).toEqual([])
  })

  describe('of a cluster', () => {
    const asked = { key: newKey(), member: 'mika', forMs: 60_000 }
    function openCluster() {
      const { runtime, env } = open(), of = memoryReach(runtime.engine), reader = createReader()
      return { of, env, reader, steps: createHostSteps({ runtime, openEnv: () => ({}), reach: { of, seal: sealAccess } }) }
    }

    it('seal a kubeconfig to the key that asked, for its lease alone, and give it once however often they are tried', async () => {
      const { of, env, reader, steps } = openCluster(), order = { ...asked, to: reader.key }
      const ask = async () => await env.run(steps.grantReach, order) as { readonly sealed: string }, answers = [await ask(), await ask()]
      expect([...of.grants.get('mika')!]).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/)])
      for (const { sealed } of answers) {
        expect(JSON.parse(reader.open(sealed, `berth/reach ${asked.key}`)!)).toMatchObject({ token: `token-of-${[...of.grants.get('mika')!][0]}` })
        expect(reader.open(sealed, `berth/reach ${newKey()}`)).toBeUndefined()
      }
      expect(JSON.stringify(answers)).not.toContain('token-of')
    })

    it('give none to what is no key, and tell what an admin has to do as a refusal', async () => {
      const { of, env, steps, reader } = openCluster()
      expect(await failure(env.run(steps.grantReach, { ...asked, to: 'no key' }))).toMatchObject({ type: 'Unavailable', message: expect.stringContaining('none of X25519') as string })
      of.faults.arm({ verb: 'grant', when: 'before', error: () => new NoReach('An admin sets it.') })
      expect(refusalIn(await failure(env.run(steps.grantReach, { ...asked, to: reader.key })))).toEqual({ kind: 'noReach', sentence: 'An admin sets it.' })
    })
  })

  it('refuse kubeconfigs where there is no cluster, and have none to end there', async () => {
    const { env, steps } = open()
    expect(refusalIn(await failure(env.run(steps.grantReach, { key: newKey(), member: 'mika', to: '', forMs: 1 })))).toMatchObject({ kind: 'noReach' })
    expect(await env.run(steps.revokeReach, 'mika')).toEqual({ grants: 0, restarted: 0 })
  })
})
