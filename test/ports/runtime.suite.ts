/** What every `Runtime` promises, on whatever technology. */
import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CannotRun, Owned, PortTaken, Runtime, Sight, Signs, StartOrder } from '../../workflows/ports.ts'

type Program = Pick<StartOrder['spec'], 'image' | 'reference' | 'ports' | 'command'>

export interface RuntimeUnderTest {
  readonly runtime: Runtime
  /** The same instance on the same engine, as a second worker of the host has it. */
  readonly twin: Runtime
  /** Another instance on the same engine. */
  readonly stranger: Runtime
  /** Programs by what becomes of them. */
  readonly web: Program
  readonly fails: Readonly<Record<'unknownImage' | 'badCommand' | 'exitedAtOnce' | 'notListening', Program>>
  freePort(): Promise<number>
  /** A foreign process takes a host port; the answer gives it back. */
  occupy(port: number): Promise<() => Promise<void> | void>
  /** Something with the mark of this placement that is no container, as it may be left behind; and what it is. */
  readonly rest: 'volume' | 'object'
  leaveRest(it: StartOrder): Promise<string>
  /** The container dies behind our back. */
  die(it: StartOrder): Promise<void>
  close(): Promise<void>
}

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
export const newKey = (): string => Array.from({ length: 20 }, () => letters[randomInt(letters.length)]).join('')

export const signs = (signal = new AbortController().signal): Signs => ({ heartbeat: () => {}, signal })

const mebi = 2 ** 20

export function newOrder(program: Program, hostPorts: readonly number[], over: Partial<StartOrder> = {}): StartOrder {
  return { key: newKey(), number: 1, member: `m-${newKey().slice(0, 8)}`, hostPorts, spec: { ...program, cpu: 0.25, memory: 32 * mebi }, ...over }
}

export function runtimeSuite(open: () => Promise<RuntimeUnderTest>): void {
  let it_: RuntimeUnderTest
  const made: StartOrder[] = []
  beforeAll(async () => {
    it_ = await open()
  })
  afterAll(async () => {
    for (const order of made) await it_.runtime.remove(order)
    await it_.close()
  })

  /** An order with free host ports, removed at the end of the file whatever becomes of it. */
  async function order(program: Program = it_.web, over: Partial<StartOrder> = {}): Promise<StartOrder> {
    const ports = await Promise.all(program.ports.map(() => it_.freePort()))
    const one = newOrder(program, ports, over)
    made.push(one)
    return one
  }
  const listed = async (member: string, of: Runtime = it_.runtime): Promise<Owned[]> =>
    (await of.list()).filter((owned) => owned.member === member)
  const failure = <E extends Error>(doing: Promise<unknown>): Promise<E> =>
    doing.then(() => { throw new Error('It did not fail.') }, (error: E) => error)

  it('starts a container, shows it, and removes it with its network', async () => {
    const { runtime } = it_, one = await order()
    const running = await runtime.start(one, signs())
    expect(running).toMatchObject({ is: 'running', hostPorts: one.hostPorts })
    if (running.pid !== undefined) expect(running.pid).toBeGreaterThan(0)
    expect(running.id).not.toBe('')
    expect(Math.abs(running.startedAt - Date.now())).toBeLessThan(60_000)
    expect(await runtime.look(one)).toEqual(running)
    expect((await listed(one.member)).map(({ what }) => what).sort()).toEqual(['container', 'network'])
    await runtime.remove(one)
    expect(await runtime.look(one)).toEqual({ is: 'absent' })
    expect(await listed(one.member)).toEqual([])
  })

  it('takes the same order twice as one', async () => {
    const { runtime, twin } = it_, one = await order()
    const first = await runtime.start(one, signs())
    expect((await runtime.start(one, signs())).id).toBe(first.id)
    expect((await twin.start(one, signs())).id).toBe(first.id)
  })

  it('makes one container of four starts at once, on two workers', async () => {
    const { runtime, twin } = it_, one = await order()
    const all = await Promise.all([runtime, twin, runtime, twin].map((worker) => worker.start(one, signs())))
    expect(new Set(all.map(({ id }) => id)).size).toBe(1)
    expect((await listed(one.member)).filter(({ what }) => what === 'container')).toHaveLength(1)
  })

  it('gives an account one network, also when two workers start its first leases at once, and keeps it to the last', async () => {
    const { runtime, twin } = it_, one = await order(), two = await order(it_.web, { member: one.member })
    await Promise.all([runtime.start(one, signs()), twin.start(two, signs())])
    const networks = async () => (await listed(one.member)).filter(({ what }) => what === 'network').length
    expect(await networks()).toBe(1)
    await runtime.remove(one)
    expect(await networks()).toBe(1)
    await runtime.remove(two)
    expect(await networks()).toBe(0)
  })

  it('starts a lease while another worker removes the account\'s last one', async () => {
    const { runtime, twin } = it_
    let last = await order()
    await runtime.start(last, signs())
    for (let round = 0; round < 5; round++) {
      const next = await order(it_.web, { member: last.member })
      const [running] = await Promise.all([runtime.start(next, signs()), twin.remove(last)])
      expect(await runtime.look(next)).toMatchObject({ is: 'running', id: running.id })
      expect((await listed(last.member)).filter(({ what }) => what === 'network')).toHaveLength(1)
      last = next
    }
    await runtime.remove(last)
    expect(await listed(last.member)).toEqual([])
  })

  it('pauses, and resumes on the same ports', async () => {
    const { runtime } = it_, one = await order()
    const before = await runtime.start(one, signs())
    await runtime.pause(one)
    expect(await runtime.look(one)).toMatchObject({ is: 'stopped', outOfMemory: false })
    await runtime.pause(one)
    expect(await listed(one.member)).toContainEqual(expect.objectContaining({ what: 'container', running: false, hostPorts: one.hostPorts }))
    const after = await runtime.resume(one, signs())
    expect(after.hostPorts).toEqual(before.hostPorts)
    expect((await runtime.resume(one, signs())).id).toBe(after.id)
  })

  it('keeps a paused container when its port is taken, and resumes it once that is free', async () => {
    const { runtime } = it_, one = await order()
    await runtime.start(one, signs())
    await runtime.pause(one)
    const release = await it_.occupy(one.hostPorts[0]!)
    expect((await failure<PortTaken>(runtime.resume(one, signs()))).name).toBe('PortTaken')
    expect((await runtime.look(one)).is).toBe('stopped')
    await release()
    expect((await runtime.resume(one, signs())).hostPorts).toEqual(one.hostPorts)
  })

  it('shows one that died, and starts it again', async () => {
    const { runtime } = it_, one = await order()
    await runtime.start(one, signs())
    await it_.die(one)
    expect(await runtime.look(one)).toMatchObject({ is: 'stopped' })
    expect(await runtime.resume(one, signs())).toMatchObject({ is: 'running', hostPorts: one.hostPorts })
  })

  it('tells which port is taken, leaves nothing, and starts when it is free again', async () => {
    const { runtime } = it_, one = await order()
    const release = await it_.occupy(one.hostPorts[0]!)
    const error = await failure<PortTaken>(runtime.start(one, signs()))
    expect(error.name).toBe('PortTaken')
    expect(error.ports).toEqual(one.hostPorts)
    expect(await runtime.look(one)).toEqual({ is: 'absent' })
    expect(await listed(one.member)).toEqual([])
    await release()
    expect((await runtime.start(one, signs())).is).toBe('running')
  })

  it('tells a port that another lease holds', async () => {
    const { runtime } = it_, one = await order(), two = newOrder(it_.web, one.hostPorts)
    await runtime.start(one, signs())
    expect((await failure<PortTaken>(runtime.start(two, signs()))).ports).toEqual(one.hostPorts)
    expect((await runtime.look(one)).is).toBe('running')
    expect(await runtime.look(two)).toEqual({ is: 'absent' })
  })

  describe.each(['unknownImage', 'badCommand', 'exitedAtOnce', 'notListening'] as const)('what cannot run: %s', (why) => {
    it('is refused with its reason, and leaves nothing', async () => {
      const { runtime } = it_, one = await order(it_.fails[why])
      const error = await failure<CannotRun>(runtime.start(one, signs()))
      expect(error.name).toBe('CannotRun')
      expect(error.why).toBe(why)
      expect(error.message).not.toMatch(/HTTP code|undefined/)
      expect(await runtime.look(one)).toEqual({ is: 'absent' })
      expect(await listed(one.member)).toEqual([])
    })
  })

  it('refuses what no host of this size can run', async () => {
    const { runtime } = it_, { cpu, memory } = await runtime.capacity()
    const one = await order()
    for (const size of [{ memory: 5 * mebi }, { memory: memory + mebi }, { cpu: cpu + 1 }]) {
      const error = await failure<CannotRun>(runtime.start({ ...one, spec: { ...one.spec, ...size } }, signs()))
      expect(error.why).toBe('tooBig')
    }
    expect(await listed(one.member)).toEqual([])
  })

  it('finds nothing to do where nothing is', async () => {
    const { runtime } = it_, one = await order()
    expect(await runtime.look(one)).toEqual({ is: 'absent' })
    expect(await runtime.remove(one)).toEqual([])
    expect(await runtime.logs(one, 10)).toEqual([])
    await runtime.pause(one)
    expect(await runtime.look(one)).toEqual({ is: 'absent' })
  })

  it('removes the same one twice at once', async () => {
    const { runtime, twin } = it_, one = await order()
    await runtime.start(one, signs())
    await Promise.all([runtime.remove(one), twin.remove(one), runtime.remove(one)])
    expect(await runtime.look(one)).toEqual({ is: 'absent' })
    expect(await listed(one.member)).toEqual([])
  })

  it('keeps two placements of one lease apart', async () => {
    const { runtime } = it_, old = await order(), now = await order(it_.web, { key: old.key, member: old.member, number: 2 })
    await runtime.start(old, signs())
    const running: Sight = await runtime.start(now, signs())
    await runtime.remove(old)
    expect(await runtime.look(old)).toEqual({ is: 'absent' })
    expect(await runtime.look(now)).toEqual(running)
  })

  it('lists what is ours and nobody else\'s, and removes nothing of another instance', async () => {
    const { runtime, stranger } = it_, one = await order()
    await runtime.start(one, signs())
    const ours = await listed(one.member)
    expect(ours.find(({ what }) => what === 'container')).toMatchObject({
      key: one.key, number: 1, member: one.member, running: true, hostPorts: one.hostPorts,
    })
    expect(await listed(one.member, stranger)).toEqual([])
    for (const owned of ours) await stranger.removeOwned(owned)
    expect(await listed(one.member)).toEqual(ours)
    for (const owned of ours.filter(({ what }) => what === 'network')) await runtime.removeOwned(owned)
    expect(await listed(one.member)).toEqual(ours)
    for (const owned of ours) await runtime.removeOwned(owned)
    for (const owned of ours) await runtime.removeOwned(owned)
    expect(await listed(one.member)).toEqual([])
  })

  it('lists what was left behind and bears our mark, and removes it when it is told to, and no other instance does', async () => {
    const { runtime, stranger, leaveRest, rest: what } = it_, one = await order(), object = await leaveRest(one)
    const leftOf = async (of?: Runtime) => (await listed(one.member, of)).filter((owned) => owned.what !== 'network')
    const [left, ...more] = await leftOf()
    expect(more).toEqual([])
    expect(left).toMatchObject({ what, object, key: one.key, number: 1, running: false })
    expect(Math.abs(left!.createdAt - Date.now())).toBeLessThan(60_000)
    expect(await leftOf(stranger)).toEqual([])
    await stranger.removeOwned(left!)
    await runtime.removeOwned({ ...left!, key: newKey() })
    expect(await leftOf()).toEqual([left])
    await runtime.removeOwned(left!)
    await runtime.removeOwned(left!)
    expect(await listed(one.member)).toEqual([])
  })

  it('serves members with odd uids', async () => {
    const { runtime } = it_
    for (const member of ['mika@example.org', 'a:b c', '日本 太郎', '%41']) {
      const one = await order(it_.web, { member: `${member} ${newKey()}` })
      await runtime.start(one, signs())
      expect(await listed(one.member)).toHaveLength(2)
      await runtime.remove(one)
      expect(await listed(one.member)).toEqual([])
    }
  })

  it('starts nothing for a start that is cancelled already', async () => {
    const { runtime } = it_, one = await order()
    await expect(runtime.start(one, signs(AbortSignal.abort(new Error('Nobody wants it.'))))).rejects.toThrow('Nobody wants it.')
    expect(await runtime.look(one)).toEqual({ is: 'absent' })
  })
}
