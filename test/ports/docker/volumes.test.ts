import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { containerName } from '../../../activities/docker/labels.ts'
import { toolsImage } from '../../../worker/embedded/image.ts'
import { newOrder, signs } from '../runtime.suite.ts'
import { openLab, shell, type Lab } from './lab.ts'
import { isThere, leaveVolume } from './volume.ts'

let lab: Lab, image: string
beforeAll(async () => {
  lab = openLab()
  image = `berth-volumes-${lab.instance}:1`
  const base = await lab.docker.createContainer({ Image: toolsImage })
  await base.commit({ repo: image.split(':')[0], tag: '1', changes: 'VOLUME /data' })
  await base.remove()
})
afterAll(async () => {
  await lab.close()
  await lab.docker.getImage(image).remove({ force: true })
})

/** Started from an image with a volume of its own; tells the volume's name too. */
async function started() {
  const { reference: _, ...program } = shell('[ -f /data/kept ] && echo "was here"; echo x > /data/kept; exec sleep 600')
  const one = newOrder({ ...program, reference: image }, [])
  await lab.runtime.start(one, signs())
  const { Mounts } = await lab.docker.getContainer(containerName(lab.marks, one)).inspect()
  const [mount] = Mounts
  expect(mount).toMatchObject({ Type: 'volume', Destination: '/data' })
  return { one, volume: mount!.Name! }
}

describe('the volume of an image', () => {
  it('lasts over a pause, with what is in it, and goes with its container', async () => {
    const { one, volume } = await started()
    await lab.runtime.pause(one)
    expect(await isThere(lab, volume)).toBe(true)
    await lab.runtime.resume(one, signs())
    await expect.poll(() => lab.runtime.logs(one, 5)).toEqual(['was here'])
    await lab.runtime.remove(one)
    expect(await isThere(lab, volume)).toBe(false)
  })

  it('goes with a container that the sweep removes, and with one that is paused', async () => {
    for (const paused of [false, true]) {
      const { one, volume } = await started()
      if (paused) await lab.runtime.pause(one)
      const owned = (await lab.runtime.list()).find(({ key, what }) => key === one.key && what === 'container')
      await lab.runtime.removeOwned(owned!)
      expect(await isThere(lab, volume)).toBe(false)
    }
  })
})

describe('a volume with our labels', () => {
  it('is neither listed nor removed when its mark is of another name', async () => {
    const one = newOrder(shell('sleep 600'), []), name = await leaveVolume(lab, one, { forName: 'another' })
    try {
      expect((await lab.runtime.list()).filter(({ key }) => key === one.key)).toEqual([])
      await lab.runtime.removeOwned({ ...one, what: 'volume', object: name, running: false, hostPorts: [], createdAt: 0 })
      expect(await isThere(lab, name)).toBe(true)
    } finally {
      await lab.docker.getVolume(name).remove()
    }
  })

  it('stays while something uses it, and the trouble says so', async () => {
    const one = newOrder(shell('sleep 600'), []), name = await leaveVolume(lab, one)
    const user = await lab.docker.createContainer({ Image: toolsImage, HostConfig: { Binds: [`${name}:/data`] } })
    try {
      const owned = (await lab.runtime.list()).find(({ what, object }) => what === 'volume' && object === name)
      await expect(lab.runtime.removeOwned(owned!)).rejects.toThrow(/in use/)
      expect(await isThere(lab, name)).toBe(true)
      await user.remove()
      await lab.runtime.removeOwned(owned!)
      expect(await isThere(lab, name)).toBe(false)
    } finally {
      await user.remove({ force: true }).catch(() => undefined)
    }
  })
})
