/** An engine that is killed in the middle of a start leaves something of the container below itself, for ever in its way. */
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { containerName } from '../../../activities/docker/labels.ts'
import { type LoneEngine, loneEngine } from '../../../worker/embedded/engine.ts'
import { buildImages, toolsImage } from '../../../worker/embedded/image.ts'
import type { StartOrder } from '../../../workflows/ports.ts'
import { newOrder, signs } from '../runtime.suite.ts'
import { freePort, openLab, runInside, shell, type Lab } from './lab.ts'

let engine: LoneEngine, lab: Lab
const withVolume = 'berth-half/volume:1'
beforeAll(async () => {
  engine = await loneEngine()
  await buildImages(engine.socketPath)
  lab = openLab({ socketPath: engine.socketPath })
  const plain = await lab.docker.createContainer({ Image: toolsImage })
  await plain.commit({ repo: 'berth-half/volume', tag: '1', changes: ['VOLUME /data'] })
  await plain.remove()
})
afterAll(async () => {
  await lab?.close()
  await engine?.stop()
})

const containerOf = (one: StartOrder) => lab.docker.getContainer(containerName(lab.marks, one))
/** What is kept of a placement's files. */
const imageOf = (one: StartOrder) => `berth/${containerName(lab.marks, one)}:kept`
/** Counts its own runs, in its files and in its volume. */
const counting = (ports: readonly number[] = []) => newOrder({
  image: 'counts', reference: withVolume, ports: ports.map(() => 80),
  command: ['/bin/sh', '-c', 'for at in /data/runs /www/runs; do echo run >> $at; done; exec httpd -f -p 80 -h /www'],
}, ports)
const runs = async (one: StartOrder) => {
  const counted = async (file: string) => Number.parseInt((await runInside(lab.docker, (await containerOf(one).inspect()).Id, ['wc', '-l', file])).said)
  return { inFiles: await counted('/www/runs'), inVolume: await counted('/data/runs') }
}
const left = async (one: StartOrder) => {
  const { Volumes } = await lab.docker.listVolumes(), images = await lab.docker.listImages()
  return [
    ...(await lab.runtime.list()).filter(({ member }) => member === one.member).map(({ object }) => object),
    ...Volumes.map(({ Name }) => Name), ...images.flatMap(({ RepoTags }) => RepoTags ?? ['<none>:<none>']).filter((tag) => !/^berth-(demo|half)\//.test(tag)),
  ]
}

/** Kills the engine when the shim of the container has just begun, and starts it again; answers with what is in the way now. */
async function killInStart(one: StartOrder): Promise<string> {
  const container = containerOf(one), { Id } = await container.inspect(), dir = dirname(engine.socketPath)
  const bundle = `${dir}/exec/containerd/daemon/io.containerd.runtime.v2.task/berth-${dir.slice(-6)}/${Id}`
  const resuming = lab.runtime.resume(one, signs()).catch(() => undefined)
  while (!existsSync(`${bundle}/address`)) await setImmediate()
  await engine.kill()
  await resuming
  await engine.start()
  return container.start().then(() => container.stop({ t: 0 })).then(() => 'nothing', (error: Error) => error.message)
}

/** What an engine leaves depends on an instant, so it is killed until it has left this. */
async function leave(one: StartOrder, what: RegExp): Promise<void> {
  const seen: string[] = []
  for (let tries = 0; tries < 10; tries++) {
    seen.push(await killInStart(one))
    if (what.test(seen.at(-1)!)) return
  }
  throw new Error(`The engine left nothing like ${what.source} in ten tries: ${seen.join('; ')}`)
}

describe('a paused container whose engine was killed in the middle of its start', () => {
  it('is awake again with its files and its volume; nothing of it is left when it is removed', async () => {
    const one = counting()
    const { id } = await lab.runtime.start(one, signs())
    await lab.runtime.pause(one)
    await leave(one, /already exists|file exists/)
    const seen = await lab.runtime.resume(one, signs())
    expect(seen.is).toBe('running')
    expect(seen.id).not.toBe(id)
    const first = await runs(one)
    expect(first.inFiles).toBeGreaterThan(1)
    expect(first.inVolume).toBe(first.inFiles)
    expect((await containerOf(one).inspect()).HostConfig).toMatchObject({ Memory: 32 << 20, CapDrop: ['ALL'], RestartPolicy: { Name: 'no' } })

    // As a worker leaves it that dies between the old container and the new one.
    await containerOf(one).remove({ force: true, v: true })
    await lab.runtime.resume(one, signs())
    const second = await runs(one)
    expect(second).toEqual({ inFiles: first.inFiles, inVolume: first.inVolume + 1 })

    // A second crash finds a container that was made from kept files.
    await lab.runtime.pause(one)
    await leave(one, /already exists|file exists/)
    // As a worker leaves it that dies after it has kept the files, and before the old container goes.
    const [repo = '', tag = ''] = imageOf(one).split(':')
    await containerOf(one).commit({ repo, tag })
    await lab.runtime.resume(one, signs())
    const third = await runs(one)
    expect(third.inFiles).toBeGreaterThan(second.inFiles)
    expect(third.inVolume - second.inVolume).toBe(third.inFiles - second.inFiles)

    await lab.runtime.remove(one)
    expect(await left(one)).toEqual([])
  }, 90_000)

  it('tells that the engine holds its port for nobody, and is awake again on it after a restart of the engine', async () => {
    const one = counting([await freePort()])
    await lab.runtime.start(one, signs())
    await lab.runtime.pause(one)
    await leave(one, /already allocated/)
    const sentence = { name: 'PortTaken', message: `The engine holds host port ${one.hostPorts[0]} for nobody since it crashed: an admin has to restart it.` }
    await expect(lab.runtime.resume(one, signs())).rejects.toMatchObject(sentence)
    await expect(lab.runtime.start(counting(one.hostPorts), signs())).rejects.toMatchObject(sentence) // nor has another one it
    await engine.shutDown()
    await engine.start()
    expect((await lab.runtime.resume(one, signs())).hostPorts).toEqual(one.hostPorts)
    expect((await fetch(`http://127.0.0.1:${one.hostPorts[0]}/runs`)).status).toBe(200)
    expect((await runs(one)).inFiles).toBeGreaterThan(1)
    await lab.runtime.remove(one)
    expect(await left(one)).toEqual([])
  }, 90_000)

  it('is not made from an image that merely bears the name of what would be kept, nor is that removed', async () => {
    const one = newOrder(shell('echo plain; sleep 60'), [])
    const [repo = '', tag = ''] = imageOf(one).split(':')
    await lab.docker.getImage(withVolume).tag({ repo, tag })
    await lab.runtime.resume(one, signs())
    expect((await containerOf(one).inspect()).Config.Image).toBe(toolsImage)
    await lab.runtime.remove(one)
    expect(await left(one)).toEqual([imageOf(one)])
    await lab.docker.getImage(imageOf(one)).remove()
  })
})

it('a container that the engine will not start for a reason of its own is made anew with its files by the next try', async () => {
  const one = counting()
  const { id } = await lab.runtime.start(one, signs())
  await lab.runtime.pause(one)
  const mounts = `${dirname(engine.socketPath)}/data/containers/${id}/mounts` // where the engine makes folders for a start
  rmSync(mounts, { recursive: true })
  writeFileSync(mounts, '')
  for (let tries = 0; tries < 2; tries++) await expect(containerOf(one).start()).rejects.toMatchObject({ statusCode: 500 })
  const seen = await lab.runtime.start(one, signs())
  expect(seen.id).not.toBe(id)
  expect(await runs(one)).toEqual({ inFiles: 2, inVolume: 2 })
  await lab.runtime.remove(one)
  expect(await left(one)).toEqual([])
}, 90_000)
