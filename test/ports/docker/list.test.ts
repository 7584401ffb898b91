import { randomBytes } from 'node:crypto'
import type { ContainerCreateOptions } from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMark } from '../../../activities/labels.ts'
import { containerLabels, containerName, networkLabels } from '../../../activities/docker/labels.ts'
import { createMarks } from '../../../activities/mark.ts'
import { toolsImage } from '../../../worker/embedded/image.ts'
import { newKey, newOrder, signs } from '../runtime.suite.ts'
import { freePort, host, openLab, web, type Lab } from './lab.ts'

describe('marks as labels', () => {
  const marks = createMarks({ instance: 'one', secret: randomBytes(32) }), order = newOrder(web, [21_000], { member: 'a:b c@日本' })
  const labels = containerLabels(marks, host, order), name = containerName(marks, order)

  it('say again what they were made from', () => {
    expect(readMark(marks, labels, { name, host })).toEqual({
      kind: 'lease', key: order.key, number: 1, member: 'a:b c@日本', ports: [{ port: 80, hostPort: 21_000 }],
    })
  })

  it('prove nothing on another name or host, under another key, or when one of them was changed', () => {
    expect(readMark(marks, labels, { name: `${name}0`, host })).toBeUndefined()
    expect(readMark(marks, labels, { name, host: 'h2' })).toBeUndefined()
    expect(readMark(createMarks({ instance: 'one', secret: randomBytes(32) }), labels, { name, host })).toBeUndefined()
    for (const label of ['instance', 'kind', 'key', 'number', 'proof']) {
      for (const value of ['', '2', 'account', newKey()]) {
        expect(readMark(marks, { ...labels, [`berth.${label}`]: value }, { name, host })).toBeUndefined()
      }
    }
    for (const none of [null, undefined, {}]) expect(readMark(marks, none, { name, host })).toBeUndefined()
  })

  it('set the same labels on everything, so that an image can supply none', () => {
    expect(Object.keys(networkLabels(marks, host, 'mika')).sort()).toEqual(Object.keys(labels).sort())
  })
})

describe('a list among strangers', () => {
  let lab: Lab
  beforeAll(() => {
    lab = openLab()
  })
  afterAll(() => lab.close())

  it('shows none of 20 foreign containers, forged labels or not, and removes none of them', async () => {
    const one = newOrder(web, [await freePort()]), name = containerName(lab.marks, one)
    const { id } = await lab.runtime.start(one, signs())
    const copied = (await lab.docker.getContainer(id).inspect()).Config.Labels
    const forger = createMarks({ instance: lab.instance, secret: randomBytes(32) })
    const foreign: ContainerCreateOptions[] = Array.from({ length: 20 }, (_, i) => {
      const forged = newOrder(web, [1]), itsName = containerName(lab.marks, forged)
      return [
        { name: `foreign-${lab.instance}-${i}`, Labels: { 'berth.test': lab.instance } },
        { name: `foreign-${lab.instance}-${i}`, Labels: copied },
        { name: itsName, Labels: copied },
        { name: itsName, Labels: { ...containerLabels(forger, host, forged) } },
      ][i % 4]!
    })
    const made = await Promise.all(foreign.map((options) => lab.docker.createContainer({ ...options, Image: toolsImage })))
    try {
      const owned = await lab.runtime.list()
      expect(owned.map(({ what, object }) => [what, object]).sort()).toEqual([
        ['container', name], ['network', `berth-${lab.instance}-${lab.marks.accountKey(one.member)}`],
      ])
      for (const { name: object } of foreign) {
        const [, key = ''] = /^berth-[^-]+-([^-]+)-1$/.exec(object!) ?? []
        const it = { key, number: 1, member: one.member }
        await lab.runtime.removeOwned({ ...it, what: 'container', object: object!, running: false, hostPorts: [], createdAt: 0 })
        await lab.runtime.remove(it)
        expect(await lab.runtime.look(it)).toEqual({ is: 'absent' })
      }
      for (const container of made) expect((await container.inspect()).Id).toBe(container.id)
      expect((await lab.runtime.look(one)).is).toBe('running')
    } finally {
      for (const container of made) await container.remove({ force: true })
    }
  })

  it('says so when a foreign container has the name of a lease, and leaves it alone', async () => {
    const one = newOrder(web, [await freePort()]), name = containerName(lab.marks, one)
    const foreign = await lab.docker.createContainer({ name, Image: toolsImage })
    await expect(lab.runtime.start(one, signs())).rejects.toThrow(`${name} is used by something that is not ours`)
    expect((await foreign.inspect()).Id).toBe(foreign.id)
    await foreign.remove()
  })

  it('reads no label from the image', async () => {
    const image = `berth-forged-${lab.instance}:1`
    const base = await lab.docker.createContainer({ Image: toolsImage })
    await base.commit({ repo: image.split(':')[0], tag: '1', changes: 'LABEL berth.member=boss berth.ports=1:1 berth.proof=x berth.account=x' })
    await base.remove()
    try {
      const one = newOrder({ image, reference: image, ports: [], command: ['/bin/sleep', '60'] }, [])
      await lab.runtime.start(one, signs())
      expect((await lab.runtime.list()).find(({ key }) => key === one.key)).toMatchObject({ member: one.member, hostPorts: [] })
      await lab.runtime.remove(one)
    } finally {
      await lab.docker.getImage(image).remove({ force: true })
    }
  })
})
