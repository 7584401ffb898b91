/** An engine whose disk is full: what cannot be done is told in one sentence, nothing is left, and it goes on with room. */
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type LoneEngine, loneEngine } from '../../../worker/embedded/engine.ts'
import { buildImages } from '../../../worker/embedded/image.ts'
import type { StartOrder } from '../../../workflows/ports.ts'
import { newOrder, signs } from '../runtime.suite.ts'
import { freePort, openLab, web, type Lab } from './lab.ts'

let engine: LoneEngine, lab: Lab, disk: string
beforeAll(async () => {
  engine = await loneEngine()
  disk = `${dirname(engine.socketPath)}/data`
  await engine.shutDown()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'berth-full', disk]) // the engine's own end takes it away
  await engine.start()
  await buildImages(engine.socketPath)
  lab = openLab({ socketPath: engine.socketPath })
})
afterEach(() => makeRoom())
afterAll(async () => {
  await lab?.close()
  await engine?.stop()
})

const filler = () => `${disk}/filler`
const makeRoom = () => rmSync(filler(), { force: true })
function fill(): void {
  const file = openSync(filler(), 'a'), block = Buffer.alloc(4096)
  try {
    for (;;) writeSync(file, block)
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' })
  } finally {
    closeSync(file)
  }
}
const order = async (over: Partial<StartOrder> = {}) => newOrder(web, [await freePort()], over)
const containers = async () => (await lab.runtime.list()).filter(({ what }) => what === 'container').map(({ key }) => key)
const sentence = { name: 'Error', message: 'The engine\'s disk is full: an admin has to make room.' }

describe('an engine whose disk is full', () => {
  it.each([
    ['a new account, whose network cannot be made either', undefined],
    ['an account that has its network', 'resident'],
  ])('starts nothing for %s; with room the same start succeeds, and everything of it goes', async (_, member) => {
    const there = await order({ member: 'resident' }), one = await order(member === undefined ? {} : { member })
    await lab.runtime.start(there, signs())
    fill()
    await expect(lab.runtime.start(one, signs())).rejects.toMatchObject(sentence)
    expect(await containers()).toEqual([there.key])
    expect((await lab.runtime.look(there)).is).toBe('running')
    makeRoom()
    expect(await lab.runtime.start(one, signs())).toMatchObject({ is: 'running', hostPorts: one.hostPorts })
    await lab.runtime.remove(one)
    await lab.runtime.remove(there)
    expect(await lab.runtime.list()).toEqual([])
  })

  it('leaves nothing of a start that nobody tries again', async () => {
    const one = await order()
    fill()
    await expect(lab.runtime.start(one, signs())).rejects.toMatchObject(sentence)
    makeRoom()
    await lab.runtime.remove(one)
    expect(await lab.runtime.list()).toEqual([])
  })

  it('keeps what is paused, and wakes it on its port once there is room', async () => {
    const one = await order()
    await lab.runtime.start(one, signs())
    fill()
    await lab.runtime.pause(one)
    await expect(lab.runtime.resume(one, signs())).rejects.toMatchObject(sentence)
    expect((await lab.runtime.look(one)).is).toBe('stopped')
    makeRoom()
    expect(await lab.runtime.resume(one, signs())).toMatchObject({ is: 'running', hostPorts: one.hostPorts })
    await lab.runtime.remove(one)
  })

  it('gives back what is removed', async () => {
    const one = await order()
    await lab.runtime.start(one, signs())
    fill()
    // What makes room on a full disk may itself need some: then it is told so, and done by a later try.
    await lab.runtime.remove(one).catch((error: unknown) => expect(error).toMatchObject(sentence))
    makeRoom()
    await lab.runtime.remove(one)
    expect(await lab.runtime.list()).toEqual([])
  })
})
