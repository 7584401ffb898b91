import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newOrder, signs } from '../runtime.suite.ts'
import { openLab, type Lab } from './lab.ts'
import { openRegistry, type Registry } from './registry.ts'

describe('an image that the engine does not have', () => {
  let lab: Lab, registry: Registry
  beforeAll(async () => {
    lab = openLab()
    registry = await openRegistry(lab.instance)
  })
  afterAll(async () => {
    await lab.close()
    await lab.docker.getImage(registry.reference).remove({ force: true }).catch(() => {})
    await registry.close()
  })
  const order = (reference: string) => newOrder({ image: 'tiny', reference, ports: [] }, [])

  it('is tried again while its registry is ill or away, and leaves nothing', async () => {
    registry.ill = true
    const one = order(registry.reference)
    await expect(lab.runtime.start(one, signs())).rejects.toThrow(`The image ${registry.reference} could not be pulled`)
    registry.ill = false
    await expect(lab.runtime.start(order('127.0.0.1:9/tiny:1'), signs())).rejects.toThrow('connection refused')
    expect((await lab.runtime.list()).filter(({ what }) => what === 'container')).toEqual([])
  })

  it('is refused when its registry does not have it either', async () => {
    const one = order(registry.missing)
    await expect(lab.runtime.start(one, signs())).rejects.toMatchObject({ name: 'CannotRun', why: 'unknownImage' })
    expect((await lab.runtime.list()).filter(({ member }) => member === one.member)).toEqual([])
  })

  it('is pulled, with signs of life, and started', async () => {
    const said: string[] = [], one = order(registry.reference)
    await lab.runtime.start(one, { ...signs(), heartbeat: (detail) => void said.push(detail) })
    expect(said[0]).toBe(`pulls ${registry.reference}`)
    expect((await lab.runtime.look(one)).is).toBe('running')
  })
})
